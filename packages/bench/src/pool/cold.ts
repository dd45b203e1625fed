import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { z } from 'zod';
import { childTask } from '../child-task.ts';
import { alternated } from '../rounds.ts';
import type { Row, Scenario } from '../scenario.ts';
import { quantile } from '../statistics.ts';
import { contenderName, contenderSchema, tenantry, type ContenderSpec } from './contenders/contender.ts';
import { openContender } from './contenders/open.ts';
import type { PoolFixture } from './fixture.ts';
import { tenantSchema, type Tenant } from './tenant.ts';
import { listUsers } from './workload.ts';

/** Milliseconds between tenants, so that what one leaves behind does not count for the next. */
const pauseMs = 20;

const driverName = 'pg alone: connect, SELECT';

export const measureCold = childTask({
  module: import.meta.url,
  name: 'measureCold',
  /** A contender of null is the driver alone. */
  input: z.object({ contender: contenderSchema.nullable(), tenants: z.array(tenantSchema) }),
  output: z.array(z.number()),
  run: async ({ contender: spec, tenants }, report) => {
    await using resources = new AsyncDisposableStack();
    const contender = spec === null ? null : resources.use(await openContender(spec, tenants));
    const firstQuery = async (tenant: Tenant) => await (contender?.use(tenant.tenantId, listUsers) ?? queryAlone(tenant));
    const times: number[] = [];
    for (const tenant of tenants) {
      report(`${times.length} of ${tenants.length} tenants`);
      const start = performance.now();
      await firstQuery(tenant);
      times.push(performance.now() - start);
      await sleep(pauseMs);
    }
    // The first one pays for the process: loading, compiling, the first plan.
    return times.slice(1);
  },
});

async function queryAlone({ url }: Tenant): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('SELECT * FROM users ORDER BY name LIMIT 20');
  // Stays open, as a pool's would; the process ends with the measurement.
}

/** Share of the naive contender's time that ours may take. */
const allowedShare = 1 / 2;

export const cold: Scenario<PoolFixture> = {
  name: 'cold',
  title: 'From a tenant that the process has not met to its first findMany answered',
  run: async ({ fixture, rounds, quick, progress, signal }) => {
    const tenants = [...(await fixture.tenants(quick ? 3 : 41))];
    const contenders: (ContenderSpec | null)[] = [
      tenantry(),
      { kind: 'map', connectionsPerTenant: 2 },
      tenantry({ strategy: 'client-per-tenant' }),
      null,
    ];
    const samples = new Map<string, number[]>();
    for (const { contender, round } of alternated(contenders, rounds)) {
      const name = contender ? contenderName(contender) : driverName;
      const onReport = (text: string) => progress.update(`round ${round}, ${name}: ${text}`);
      const times = await measureCold.call({ contender, tenants }, { signal, onReport });
      samples.set(name, [...(samples.get(name) ?? []), ...times]);
    }
    return {
      rows: rowsOf(samples),
      notes: ['The process has served one other tenant before; each database has been connected to before. Lease included.'],
      samples: Object.fromEntries(samples),
    };
  },
};

function rowsOf(samples: ReadonlyMap<string, number[]>): Row[] {
  const [ours = '', naive = ''] = samples.keys();
  const rows = (figure: string, q: number) =>
    [...samples].map(([contender, times]): Row => {
      const ratio = { value: quantile(times, q) / quantile(samples.get(naive) ?? [], q), to: naive };
      return { figure, contender, value: quantile(times, q), unit: 'ms', ratio };
    });
  const [first, ...others] = rows('first query, median', 0.5);
  const isMet = (first?.ratio?.value ?? Infinity) < allowedShare;
  const judged: Row[] = first?.contender === ours ? [{ ...first, target: { text: '< 0.5', isMet } }] : [];
  return [...judged, ...others, ...rows('first query, p95', 0.95)];
}
