import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { childTask } from '../child-task.ts';
import { growth, settledMemory } from '../memory-use.ts';
import { alternated } from '../rounds.ts';
import type { Row, Scenario } from '../scenario.ts';
import { median } from '../statistics.ts';
import { contenderName, contenderSchema, tenantry, type ContenderSpec } from './contenders/contender.ts';
import { openContender } from './contenders/open.ts';
import type { PoolFixture } from './fixture.ts';
import { tenantSchema } from './tenant.ts';
import { warmUp } from './workload.ts';

/** Milliseconds until connections that nobody uses are closed by every contender (10 s for each), and some. */
const idleConnectionsMs = 12_000;

const usage = z.object({ rss: z.number(), heap: z.number(), external: z.number() });

export const measureMemory = childTask({
  module: import.meta.url,
  name: 'measureMemory',
  input: z.object({ contender: contenderSchema, tenants: z.array(tenantSchema), restMs: z.number() }),
  output: z.object({ warm: usage, rested: usage }),
  run: async ({ contender: spec, tenants: [first, ...rest], restMs }, report) => {
    if (!first) throw new RangeError('memory needs tenants');
    await using contender = await openContender(spec, [first, ...rest]);
    // What the first tenant costs, code and plans, is what any process pays.
    await contender.use(first.tenantId, warmUp);
    const before = await settledMemory();
    for (const [done, { tenantId }] of rest.entries()) {
      report(`${done} of ${rest.length} tenants warm`);
      await contender.use(tenantId, warmUp);
    }
    const warm = growth(before, await settledMemory());
    await sleep(restMs);
    return { warm, rested: growth(before, await settledMemory()) };
  },
});

/** Share of the naive contender's growth that ours may have. */
const allowedShare = 1 / 10;

export const memory: Scenario<PoolFixture> = {
  name: 'memory',
  title: 'What 500 warm tenants take of a process’s memory, over 27 models',
  run: async ({ fixture, rounds, quick, progress, signal }) => {
    const count = quick ? 4 : 500;
    const tenants = await fixture.tenants(count + 1);
    const contenders: ContenderSpec[] = [
      tenantry(),
      { kind: 'map', connectionsPerTenant: 2 },
      { kind: 'lru', size: count + 1, connectionsPerTenant: 2 },
      { kind: 'lru', size: Math.ceil(count / 8), connectionsPerTenant: 2 },
      tenantry({ strategy: 'client-per-tenant' }),
    ];
    const samples: Sample[] = [];
    for (const { contender, round } of alternated(contenders, rounds)) {
      const name = contenderName(contender);
      const onReport = (text: string) => progress.update(`round ${round}, ${name}: ${text}`);
      const input = { contender, tenants: [...tenants], restMs: quick ? 0 : idleConnectionsMs };
      samples.push({ name, ...(await measureMemory.call(input, { signal, onReport })) });
    }
    return {
      rows: (['warm', 'rested'] as const).flatMap((moment) => rowsOf(samples, moment, count)),
      notes: [
        'Every tenant did 14 kinds of request once. Memory after garbage collection, less that after the first tenant.',
        `"Rested": ${idleConnectionsMs / 1000} s later, when every contender has closed its unused connections. A small LRU is small because it forgets: see cold.`,
      ],
      samples,
    };
  },
};

interface Sample {
  name: string;
  warm: z.infer<typeof usage>;
  rested: z.infer<typeof usage>;
}

function rowsOf(samples: readonly Sample[], moment: 'warm' | 'rested', count: number): Row[] {
  const ofName = (name: string, measure: 'rss' | 'heap') =>
    median(samples.filter((sample) => sample.name === name).map((sample) => sample[moment][measure]));
  const names = [...new Set(samples.map(({ name }) => name))];
  const [ours = '', naive = ''] = names;
  const share = (name: string) => ofName(name, 'rss') / ofName(naive, 'rss');
  return names.flatMap((contender): Row[] => [
    {
      figure: `RSS growth, ${count} tenants ${moment}`,
      contender,
      value: ofName(contender, 'rss') / 2 ** 20,
      unit: 'MB',
      ratio: { value: share(contender), to: naive },
      ...(contender === ours && moment === 'warm' ? { target: { text: '≤ 0.1', isMet: share(contender) <= allowedShare } } : {}),
    },
    { figure: `heap per tenant, ${moment}`, contender, value: ofName(contender, 'heap') / count / 2 ** 10, unit: 'kB' },
  ]);
}
