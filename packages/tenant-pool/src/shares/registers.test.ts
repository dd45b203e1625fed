import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { createInterface } from 'node:readline';
import { silentLogger, type Logger } from '@tenantry/service';
import { beforeEach, describe, inject, test, vi } from 'vitest';
import type { ClusterShare, ShareRegister } from './share-register.ts';
import { openGate } from './testing/gate.ts';
import { openRegister } from './testing/open-register.ts';
import { openPostgresPlace, openRedisPlace } from './testing/share-places.ts';

const places = [
  { name: 'Postgres', openPlace: openPostgresPlace, missing: '' },
  { name: 'Redis', openPlace: openRedisPlace, missing: inject('redisUrl') === null ? inject('redisMissing') : '' },
];

/** Longer than it takes for a process to count as dead, and for a register to be trusted again. */
const soonMs = 15_000;

/** Registers as of several processes, each of which holds what it may, and closes at once what it may not. */
class Processes implements AsyncDisposable {
  readonly shares: number[] = [];
  readonly joined: ClusterShare[] = [];
  /** The most that they were allowed together at any one time. */
  most = 0;
  readonly #registers: ShareRegister[] = [];
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async join({ total = 10, cluster = 'standard', logger = silentLogger, url = this.#url } = {}): Promise<ClusterShare> {
    const index = this.#registers.length;
    const register = openRegister(url, logger);
    this.#registers.push(register);
    const share = await register.join(cluster, total, (own) => {
      this.shares[index] = own;
      this.most = Math.max(this.most, this.sum);
      // The promise has resolved by then.
      queueMicrotask(() => this.joined[index]?.report(own));
    });
    this.joined[index] = share;
    return share;
  }

  get ascending(): number[] {
    return this.shares.toSorted((a, b) => a - b);
  }

  get sum(): number {
    return this.shares.reduce((sum, share) => sum + share, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#registers.map(async (register) => await register[Symbol.asyncDispose]()));
  }
}

/** A logger that says nothing, and what it was told. */
function loggerWithMemory(): { logger: Logger; told: string[] } {
  const logger = silentLogger.child({});
  const told: string[] = [];
  for (const level of ['warn', 'info'] as const) {
    vi.spyOn(logger, level).mockImplementation((...words: unknown[]) => void told.push(`${level}: ${String(words.at(-1))}`));
  }
  return { logger, told };
}

/** Another process that shares 12 connections, and the share that it printed last. */
class OtherProcess {
  share = 0;
  readonly process: ChildProcess;

  constructor(url: string) {
    const script = new URL('testing/share-process.ts', import.meta.url).pathname;
    this.process = spawn(process.execPath, [script, url, '12'], { stdio: ['ignore', 'pipe', 'inherit'] });
    if (this.process.stdout) createInterface(this.process.stdout).on('line', (line) => void (this.share = Number(line)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const exit = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await exit;
  }
}

describe.for(places)('shares over $name $missing', { concurrent: true }, ({ openPlace, missing }) => {
  beforeEach(({ skip }) => skip(missing !== '', missing));

  test(
    'divide a cluster anew whenever a process joins or leaves, and are never more than there is',
    { timeout: 40_000 },
    async ({ expect }) => {
      await using place = await openPlace();
      await using processes = new Processes(place.url);
      await processes.join();
      await expect.poll(() => processes.shares, { timeout: soonMs }).toEqual([10]);
      await Promise.all([processes.join(), processes.join()]);
      await expect.poll(() => processes.ascending, { timeout: soonMs }).toEqual([3, 3, 4]);
      processes.shares[1] = 0;
      await processes.joined[1]?.[Symbol.asyncDispose]();
      await expect.poll(() => processes.shares, { timeout: soonMs }).toEqual([5, 0, 5]);
      expect(processes.most).toBe(10);
    },
  );

  test('of different clusters are different', async ({ expect }) => {
    await using place = await openPlace();
    await using processes = new Processes(place.url);
    await processes.join();
    await processes.join({ cluster: 'premium', total: 4 });
    await expect.poll(() => processes.shares, { timeout: soonMs }).toEqual([10, 4]);
  });

  test('are given only as others say that they hold no more than theirs', { timeout: 40_000 }, async ({ expect }) => {
    await using place = await openPlace();
    await using slow = openRegister(place.url, silentLogger);
    const first = await slow.join('standard', 10, () => {});
    await expect.poll(() => first.share, { timeout: soonMs }).toBe(10);
    await using other = openRegister(place.url, silentLogger);
    const second = await other.join('standard', 10, () => {});
    await expect.poll(() => first.share, { timeout: soonMs }).toBe(5);
    await sleep(1500);
    expect(second.share).toBe(0);
    first.report(8);
    await expect.poll(() => second.share, { timeout: soonMs }).toBe(2);
    first.report(5);
    await expect.poll(() => second.share, { timeout: soonMs }).toBe(5);
  });

  test('are parts of the smallest total, of which there is a warning with both', { timeout: 40_000 }, async ({ expect }) => {
    await using place = await openPlace();
    await using processes = new Processes(place.url);
    const { logger, told } = loggerWithMemory();
    await processes.join({ total: 10, logger });
    await processes.join({ total: 4 });
    await expect.poll(() => processes.shares, { timeout: soonMs }).toEqual([2, 2]);
    await sleep(1500);
    expect(told).toEqual(['warn: processes disagree on the connections to a cluster: 10 here, 4 elsewhere, which counts']);
  });

  test('outlast the connections to it', { timeout: 40_000 }, async ({ expect }) => {
    await using place = await openPlace();
    await using processes = new Processes(place.url);
    await Promise.all([processes.join(), processes.join()]);
    await expect.poll(() => processes.shares, { timeout: soonMs }).toEqual([5, 5]);
    await place.cut();
    await processes.join();
    await expect.poll(() => processes.ascending, { timeout: soonMs }).toEqual([3, 3, 4]);
    expect(processes.most).toBe(10);
  });

  test(
    'stay as they are while it is away, longer than it takes to count as dead, and are divided anew after',
    { timeout: 60_000 },
    async ({ expect }) => {
      await using place = await openPlace();
      await using gate = await openGate(place.url);
      await using processes = new Processes(gate.url);
      const { logger, told } = loggerWithMemory();
      await processes.join({ logger, total: 32 });
      await processes.join({ total: 32 });
      await expect.poll(() => processes.shares, { timeout: soonMs }).toEqual([16, 16]);
      gate.shut();
      await sleep(6500);
      await processes.join({ total: 32 });
      expect(processes.shares).toEqual([16, 16, 2]);
      expect(told).toEqual(['warn: the register of shares does not answer: shares stay as they are until it does']);
      gate.open();
      await expect.poll(() => processes.ascending, { timeout: soonMs }).toEqual([10, 11, 11]);
      expect(told.slice(1)).toEqual(['info: the register of shares answers again']);
      expect(processes.most).toBe(34);
    },
  );

  test('of a process that is killed go to those that live, as do those of one that ends', { timeout: 60_000 }, async ({ expect }) => {
    await using place = await openPlace();
    await using first = new OtherProcess(place.url);
    await using second = new OtherProcess(place.url);
    await using third = new OtherProcess(place.url);
    await expect.poll(() => [first.share, second.share, third.share], { timeout: soonMs }).toEqual([4, 4, 4]);
    second.process.kill('SIGKILL');
    await expect.poll(() => [first.share, third.share], { timeout: soonMs }).toEqual([6, 6]);
    first.process.kill('SIGTERM');
    await expect.poll(() => third.share, { timeout: soonMs }).toBe(12);
  });

  test('leave no connection behind', async ({ expect }) => {
    await using place = await openPlace();
    {
      await using processes = new Processes(place.url);
      await Promise.all([processes.join(), processes.join({ cluster: 'premium' })]);
      expect(await place.connections()).toBeGreaterThan(0);
    }
    await expect.poll(async () => await place.connections()).toBe(0);
  });

  test('of no connections at all are refused', async ({ expect }) => {
    await using place = await openPlace();
    await using register = openRegister(place.url, silentLogger);
    for (const total of [0, -1, 1.5, Number.NaN]) {
      await expect(register.join('standard', total, () => {})).rejects.toThrow('The connections to the cluster "standard" must be a whole');
    }
  });
});

test.for(['postgres://nobody@127.0.0.1:1/nowhere', 'redis://127.0.0.1:1#nowhere'])(
  'without %s a process begins with 1/16 of the connections',
  async (url, { expect }) => {
    await using register = openRegister(url, silentLogger);
    expect(await register.join('standard', 60, () => {})).toMatchObject({ share: 3 });
    expect(await register.join('premium', 4, () => {})).toMatchObject({ share: 1 });
  },
);
