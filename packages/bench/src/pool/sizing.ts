import { setTimeout as sleep } from 'node:timers/promises';
import type { TenantLease } from '@tenantry/tenant-pool';
import { Client } from 'pg';
import { z } from 'zod';
import { backendMemory } from '../backend-memory.ts';
import { childTask, type OutputOf } from '../child-task.ts';
import { growth, settledMemory, type MemoryUse } from '../memory-use.ts';
import type { Row, Scenario } from '../scenario.ts';
import { median } from '../statistics.ts';
import { tenantry } from './contenders/contender.ts';
import { openTenantry } from './contenders/tenantry.ts';
import type { PoolFixture } from './fixture.ts';
import { tenantSchema, type Tenant } from './tenant.ts';
import { warmUp } from './workload.ts';

/** Milliseconds after which an unused connection is closed here, so that the measurement need not wait for 10 s. */
const idleConnectionMs = 500;
const connectionsClosedMs = idleConnectionMs * 4;
const operation = { operation: 'bench' };

const costSchema = z.object({ heap: z.number(), external: z.number(), rss: z.number() });

export const measureSizing = childTask({
  module: import.meta.url,
  name: 'measureSizing',
  input: z.object({ tenants: z.array(tenantSchema), connections: z.int() }),
  /** Bytes for one of each. */
  output: z.object({
    process: costSchema,
    entry: costSchema,
    lease: costSchema,
    handle: costSchema,
    connection: costSchema,
    backend: z.object({ rss: z.number(), pss: z.number(), own: z.number() }).nullable(),
  }),
  run: async ({ tenants: [first, ...tenants], connections }) => {
    if (!first) throw new RangeError('sizing needs tenants');
    const bare = await settledMemory();
    await using contender = await openTenantry(tenantry(), [first, ...tenants], { idleConnectionMs });
    await contender.use(first.tenantId, warmUp);
    const each = costOf(tenants.length);
    const started = await settledMemory();

    for (const { tenantId } of tenants) await contender.use(tenantId, warmUp);
    await sleep(connectionsClosedMs);
    const opened = await settledMemory();

    const leases: TenantLease[] = [];
    for (const { tenantId } of tenants) leases.push(await contender.pool.lease(tenantId, operation));
    const leased = await settledMemory();

    const handles = leases.map(({ db }) => db);
    const handled = await settledMemory();
    await Promise.all(leases.map(async (lease) => await lease[Symbol.asyncDispose]()));
    if (handles.length !== tenants.length) throw new RangeError('each lease has a handle');

    return {
      process: costOf(1)(bare, started),
      entry: each(started, opened),
      lease: each(opened, leased),
      handle: each(leased, handled),
      ...(await connectionCost(first, connections)),
    };
  },
});

type Cost = z.infer<typeof costSchema>;

const costOf =
  (count: number) =>
  (from: MemoryUse, to: MemoryUse): Cost => {
    const { rss, heap, external } = growth(from, to);
    return { rss: rss / count, heap: heap / count, external: external / count };
  };

/** Of a connection that has done some work, on both of its sides. */
async function connectionCost({ url }: Tenant, count: number) {
  const before = await settledMemory();
  const clients = await Promise.all(Array.from({ length: count }, () => connectedClient(url)));
  const pids = await Promise.all(
    clients.map(async (client) => {
      await client.query('SELECT * FROM tasks LEFT JOIN users ON users.id = assignee_id LEFT JOIN projects ON projects.id = project_id');
      return (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid ?? 0;
    }),
  );
  const connection = costOf(count)(before, await settledMemory());
  const backends = (await Promise.all(pids.map(backendMemory))).filter((memory) => memory !== null);
  await Promise.all(clients.map(async (client) => await client.end()));
  const middle = (of: 'rss' | 'pss' | 'own') => median(backends.map((memory) => memory[of]));
  return { connection, backend: backends.length > 0 ? { rss: middle('rss'), pss: middle('pss'), own: middle('own') } : null };
}

async function connectedClient(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString });
  await client.connect();
  return client;
}

export const sizing: Scenario<PoolFixture> = {
  name: 'sizing',
  title: 'What a tenant, a lease and a connection cost, to size a deployment by',
  run: async ({ fixture, rounds, quick, progress, signal }) => {
    const tenants = [...(await fixture.tenants(quick ? 4 : 501))];
    const samples: OutputOf<typeof measureSizing>[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      progress.update(`round ${round}`);
      samples.push(await measureSizing.call({ tenants, connections: quick ? 2 : 50 }, { signal }));
    }
    return {
      rows: rowsOf(samples),
      notes: ['In the process: what each one adds. On the server: one backend that has run queries, by /proc/<pid>/smaps_rollup.'],
      samples,
    };
  },
};

function rowsOf(samples: OutputOf<typeof measureSizing>[]): Row[] {
  const kilobytes = (figure: string, contender: string, of: (sample: (typeof samples)[number]) => number): Row => {
    return { figure, contender, value: median(samples.map(of)) / 1024, unit: 'kB' };
  };
  const cost = (contender: string, part: 'process' | 'entry' | 'lease' | 'handle' | 'connection'): Row[] => [
    kilobytes('heap', contender, (sample) => sample[part].heap),
    kilobytes('RSS', contender, (sample) => sample[part].rss),
  ];
  const backend = (figure: string, of: 'rss' | 'pss' | 'own'): Row => {
    const known = samples.flatMap((sample) => sample.backend ?? []);
    if (known.length === 0) return { figure, contender: 'a connection, on the server', value: null, unit: 'kB', note: 'only on Linux' };
    return kilobytes(figure, 'a connection, on the server', (sample) => sample.backend?.[of] ?? NaN);
  };
  return [
    ...cost('the pool, with one tenant', 'process'),
    ...cost('an open tenant without a connection', 'entry'),
    ...cost('a lease', 'lease'),
    ...cost('a handle', 'handle'),
    ...cost('a connection, in the process', 'connection'),
    backend('RSS', 'rss'),
    backend('PSS', 'pss'),
    backend('its own', 'own'),
  ];
}
