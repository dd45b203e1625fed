import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { alternated } from '../rounds.ts';
import type { Row, Scenario } from '../scenario.ts';
import { quantile } from '../statistics.ts';
import { connectTo, timed, type ProvisionFixture } from './fixture.ts';

interface Way {
  readonly name: string;
  /** Milliseconds until the tenant's database can be used. */
  readonly run: (fixture: ProvisionFixture) => Promise<number>;
}

const shelf: Way = {
  name: 'provisionTenant, filled shelf',
  run: async ({ shelved }) => await fromShelf(shelved),
};

const shelfWithOwner: Way = {
  name: 'provisionTenant, filled shelf, first owner',
  run: async ({ shelved }) => await fromShelf(shelved, { firstOwner: true }),
};

const withoutShelf: Way = { name: 'provisionTenant, no shelf', run: async (fixture) => await fixture.withoutShelf.provision() };

const bare: Way = {
  name: 'bare CREATE DATABASE … TEMPLATE, connect',
  run: async ({ administrator, url, template }) => {
    const database = newName();
    return await timed(async () => {
      await administrator.query(`CREATE DATABASE ${database} TEMPLATE ${template}`);
      await connectTo(url, database);
    });
  },
};

const tutorial: Way = {
  name: 'tutorial: CREATE DATABASE, a process that migrates',
  run: async ({ administrator, url }) => {
    const database = newName();
    return await timed(async () => {
      await administrator.query(`CREATE DATABASE ${database}`);
      await migrateByProcess(Object.assign(new URL(url), { pathname: `/${database}` }).href);
      await connectTo(url, database);
    });
  },
};

const ways: readonly Way[] = [shelf, shelfWithOwner, withoutShelf, bare, tutorial];

const timesPerRound = 10;

/** Shares of another way's median that ours may take at most. */
const limits = { ofBare: 1 / 3, withoutShelf: 1.5, ofTutorial: 1 / 20 };
const limitMs = { median: 25, p95: 60 };

export const latency: Scenario<ProvisionFixture> = {
  name: 'latency',
  title: 'From an operator’s mutation to a tenant that can be used',
  run: async ({ fixture, rounds, quick, progress, signal }) => {
    const samples = new Map<string, number[]>(ways.map(({ name }) => [name, []]));
    for (const way of ways) await way.run(fixture);
    // One of each after the other, since how fast the disk is changes within seconds.
    const times = rounds * (quick ? 1 : timesPerRound);
    for (const { contender: way, round: time } of alternated(ways, times)) {
      signal.throwIfAborted();
      progress.update(`${way.name}: ${time} of ${times}`);
      samples.get(way.name)?.push(await way.run(fixture));
    }
    return {
      rows: rowsOf(samples),
      notes: [
        'Over HTTP, with gateway, subgraphs and client in one process; Postgres with fsync. The shelf is full before each.',
        'The tutorial’s process applies the same migrations by Prisma’s engine, as `prisma migrate deploy` does.',
      ],
      samples: Object.fromEntries(samples),
    };
  },
};

function rowsOf(samples: ReadonlyMap<string, number[]>): Row[] {
  const value = ({ name }: Way, q: number) => quantile(samples.get(name) ?? [], q);
  const rows = (figure: string, q: number) =>
    ways.map((way): Row => {
      const ratio = { value: value(way, q) / value(bare, q), to: bare.name };
      return { figure, contender: way.name, value: value(way, q), unit: 'ms', ratio };
    });
  const judged = (figure: string, way: Way, to: Way, limit: number, text: string): Row => {
    const ratio = value(way, 0.5) / value(to, 0.5);
    return {
      figure,
      contender: way.name,
      value: ratio,
      unit: '',
      ratio: { value: ratio, to: to.name },
      target: { text, isMet: ratio <= limit },
    };
  };
  const within = (figure: string, q: number, limit: number): Row => {
    const measured = value(shelf, q);
    return { figure, contender: shelf.name, value: measured, unit: 'ms', target: { text: `≤ ${limit} ms`, isMet: measured <= limit } };
  };
  return [
    within('median', 0.5, limitMs.median),
    within('p95', 0.95, limitMs.p95),
    judged('shelf, of a bare clone', shelf, bare, limits.ofBare, '≤ 1/3'),
    judged('no shelf, of a bare clone', withoutShelf, bare, limits.withoutShelf, '≤ 1.5'),
    judged('shelf, of the tutorial', shelf, tutorial, limits.ofTutorial, '≤ 1/20'),
    ...rows('median', 0.5),
    ...rows('p95', 0.95),
  ];
}

/** A full shelf, and after it again: what refills it is in nobody's way. */
async function fromShelf(shelved: ProvisionFixture['shelved'], options?: { firstOwner: boolean }): Promise<number> {
  await shelved.refill();
  const ms = await shelved.provision(options);
  await shelved.refill();
  return ms;
}

function newName(): string {
  return `bench_${randomBytes(8).toString('hex')}`;
}

async function migrateByProcess(url: string): Promise<void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'migrate-process.ts')], {
    env: { ...process.env, DATABASE_URL: url },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [status] = await once(child, 'exit');
  if (status !== 0) throw new Error(`The process that migrates ended with ${status}.`);
}
