import assert from 'node:assert/strict';
import { silentLogger } from '@tenantry/service';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { fairShare, leaseMs, settlingMs, silenceMs, startingShare } from './claims.ts';
import type { ClusterShare, ShareRegister } from './share-register.ts';
import { sharesOver } from './shares-over.ts';
import { SharedMemory, type MemoryConnection } from './testing/shared-memory.ts';

const mostMembers = 6;
/** Milliseconds in which one member is failed once at most, so that none that lives counts as dead. */
const faultIntervalMs = 3000;
/** Milliseconds after which nothing that happened before has an effect any more. */
const quietMs = leaseMs + settlingMs + 3000;

/** A process that opens connections within its share, and closes them only when told to. */
class Member {
  share = 0;
  held = 0;
  lastFaultAt = Date.now();
  readonly connection: MemoryConnection;
  readonly #register: ShareRegister;
  #joined: ClusterShare | undefined;

  constructor(memory: SharedMemory) {
    this.connection = memory.connect();
    this.#register = sharesOver(this.connection, silentLogger);
  }

  async join(total: number, onShare: () => void): Promise<void> {
    this.#joined = await this.#register.join('standard', total, (share) => {
      this.share = share;
      onShare();
    });
  }

  /** What the others have to reckon with. */
  get allowed(): number {
    return Math.max(this.share, this.held);
  }

  open(count: number): void {
    this.held = Math.max(this.held, Math.min(this.share, this.held + count));
  }

  close(count: number): void {
    this.held = Math.max(0, this.held - count);
    this.#joined?.report(this.held);
  }

  async leave(): Promise<void> {
    this.close(this.held);
    this.share = 0;
    await this.#register[Symbol.asyncDispose]();
  }
}

/** Processes and their register, over which time passes a few milliseconds at a time. */
class World {
  readonly memory: SharedMemory;
  readonly members: Member[] = [];
  /** The most that members may have had together at any one time. */
  limit: number;
  readonly #total: number;
  #excess: string | null = null;

  constructor(memory: SharedMemory, total: number) {
    this.memory = memory;
    this.#total = total;
    this.limit = total;
  }

  join(): void {
    if (this.members.length >= mostMembers) return;
    const member = new Member(this.memory);
    this.members.push(member);
    void member.join(this.#total, () => this.#note());
  }

  fail(member: Member, loss: 'request' | 'reply'): void {
    if (Date.now() - member.lastFaultAt < faultIntervalMs) return;
    member.lastFaultAt = Date.now();
    member.connection.nextLoss = loss;
  }

  leave(member: Member): void {
    this.members.splice(this.members.indexOf(member), 1);
    void member.leave();
  }

  kill(member: Member): void {
    this.members.splice(this.members.indexOf(member), 1);
    member.connection.isCut = true;
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 10) {
      await vi.advanceTimersByTimeAsync(10);
      this.#note();
    }
    assert.equal(this.#excess, null);
  }

  /** Everybody closes what it holds beyond its share, until nothing changes any more. */
  async comeToRest(): Promise<void> {
    for (let passed = 0; passed < quietMs; passed += 200) {
      await this.pass(200);
      for (const member of this.members) member.close(Math.max(0, member.held - member.share));
    }
  }

  /** The members' shares, and what they would be if they were fair, the largest first. */
  get shares(): { actual: number[]; fair: number[] } {
    return {
      actual: this.members.map(({ share }) => share).toSorted((a, b) => b - a),
      fair: this.members.map((_member, rank) => fairShare(this.#total, this.members.length, rank)),
    };
  }

  #note(): void {
    const allowed = this.members.reduce((sum, member) => sum + member.allowed, 0);
    if (allowed > this.limit) this.#excess ??= `${allowed} are allowed or held, of ${this.limit}`;
  }

  async end(): Promise<void> {
    for (const member of this.members) void member.leave();
    await vi.advanceTimersByTimeAsync(quietMs);
  }
}

type Step =
  | { kind: 'join' }
  | { kind: 'open' | 'close'; member: number; count: number }
  | { kind: 'loseRequest' | 'loseReply' | 'leave' | 'kill'; member: number }
  | { kind: 'pass'; ms: number };

const memberIndex = fc.nat({ max: mostMembers - 1 });
const latencies = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 12 });
const totals = fc.integer({ min: 1, max: 40 });
const step = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Step>({ kind: 'join' }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('open' as const, 'close' as const),
      member: memberIndex,
      count: fc.integer({ min: 1, max: 20 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('loseRequest' as const, 'loseReply' as const, 'leave' as const, 'kill' as const),
      member: memberIndex,
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 2500 }) }) },
);
const steps = fc.array(step, { maxLength: 40, size: 'max' });

async function take(world: World, action: Step): Promise<void> {
  if (action.kind === 'join') return world.join();
  if (action.kind === 'pass') return await world.pass(action.ms);
  const member = world.members[action.member];
  if (!member) return;
  switch (action.kind) {
    case 'open':
      return member.open(action.count);
    case 'close':
      return member.close(action.count);
    case 'loseRequest':
      return world.fail(member, 'request');
    case 'loseReply':
      return world.fail(member, 'reply');
    case 'leave':
      return world.leave(member);
    case 'kill':
      return world.kill(member);
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('processes that share connections', () => {
  test('never have more than there are, and share them fairly once nothing happens', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(totals, latencies, steps, async (total, delays, actions) => {
        const world = new World(new SharedMemory(true, delays), total);
        for (const action of actions) await take(world, action);
        await world.comeToRest();
        expect(world.shares.actual).toEqual(world.shares.fair);
        await world.end();
      }),
      { numRuns: 100 },
    );
  });

  test('keep their shares while the register is away, and find back to fair ones though it forgot them', { timeout: 120_000 }, async () => {
    const members = fc.integer({ min: 1, max: mostMembers });
    const away = fc.integer({ min: 0, max: 20_000 });
    await fc.assert(
      fc.asyncProperty(totals, latencies, members, members, away, fc.boolean(), async (total, delays, before, after, awayMs, forgets) => {
        const memory = new SharedMemory(!forgets, delays);
        const world = new World(memory, total);
        for (let count = 0; count < before; count += 1) world.join();
        await world.comeToRest();
        const frozen = world.members.map(({ share }) => share);
        for (const member of world.members) member.open(total);

        memory.isAway = true;
        await world.pass(awayMs);
        assert.deepEqual(
          world.members.map(({ share }) => share),
          frozen,
        );
        world.limit = total + Math.max(0, after - before) * startingShare(total);
        for (let count = before; count < after; count += 1) world.join();
        await world.pass(1000);
        if (forgets) memory.forget();
        memory.isAway = false;
        await world.comeToRest();
        expect(world.shares.actual).toEqual(world.shares.fair);
        await world.end();
      }),
      { numRuns: 100 },
    );
  });

  test('get what another no longer holds as soon as it says so', async () => {
    const world = new World(new SharedMemory(true, [1]), 10);
    world.join();
    await world.pass(100);
    if (world.members[0]) world.leave(world.members[0]);
    await world.pass(silenceMs + 100);
    world.join();
    await world.pass(100);
    world.members[0]?.open(10);
    world.join();
    await world.pass(100);
    expect(world.members.map(({ share }) => share)).toEqual([5, 0]);
    world.members[0]?.close(3);
    await world.pass(100);
    expect(world.members.map(({ share }) => share)).toEqual([5, 3]);
    await world.end();
  });

  test('leave no timer behind', async () => {
    const world = new World(new SharedMemory(true, [1]), 10);
    world.join();
    await world.pass(500);
    expect(vi.getTimerCount()).toBe(1);
    const leaving = world.members[0]?.leave();
    await vi.advanceTimersByTimeAsync(10);
    await leaving;
    expect(vi.getTimerCount()).toBe(0);
  });
});
