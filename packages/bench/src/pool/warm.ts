import { z } from 'zod';
import { childTask, type OutputOf } from '../child-task.ts';
import type { Row, Scenario } from '../scenario.ts';
import { median } from '../statistics.ts';
import { tenantry, contenderName, contenderSchema, type ContenderSpec, type Db } from './contenders/contender.ts';
import { openContender } from './contenders/open.ts';
import type { PoolFixture } from './fixture.ts';
import { cpuTime, interleaved, medianLatency, pairSchema, throughput, type Pair } from './interleaved.ts';
import { tenantSchema } from './tenant.ts';
import { listUsers } from './workload.ts';

/** Connections of the one tenant, for every contender. */
const connectionsPerTenant = 8;
const parallel = 16;

/** Whether one lease serves all queries, or each query takes its own. */
const modes = ['one lease', 'a lease each'] as const;

export const measureWarm = childTask({
  module: import.meta.url,
  name: 'measureWarm',
  input: z.object({ contender: contenderSchema, mode: z.enum(modes), tenant: tenantSchema, blocks: z.int(), queries: z.int() }),
  output: z.object({ latency: z.array(pairSchema), cpu: z.array(pairSchema), throughput: z.array(pairSchema) }),
  run: async ({ contender: spec, mode, tenant, blocks, queries }, report) => {
    const { tenantId } = tenant;
    await using bare = await openContender({ kind: 'map', connectionsPerTenant }, [tenant]);
    await using contender = await openContender(spec, [tenant]);
    const onBlock = (block: number) => report(`block ${block + 1} of ${blocks}`);
    const measure = async (bareDb: Db, db: Db) => {
      const query = {
        bare: async () => await listUsers(bareDb),
        contender: async () => await (mode === 'one lease' ? listUsers(db) : contender.use(tenantId, listUsers)),
      };
      const options = { query, blocks, queries, onBlock };
      return {
        latency: await interleaved(medianLatency, options),
        cpu: await interleaved(cpuTime, options),
        throughput: await interleaved(throughput(parallel), { ...options, queries: queries * 2 }),
      };
    };
    return await bare.use(tenantId, async (bareDb) => await contender.use(tenantId, async (db) => await measure(bareDb, db)));
  },
});

/** How far from the bare client ours may be. */
const allowedLoss = 0.1;

export const warm: Scenario<PoolFixture> = {
  name: 'warm',
  title: 'findMany of a warm tenant, against a bare PrismaClient on the same database',
  run: async ({ fixture, rounds, quick, progress, signal }) => {
    const [tenant] = await fixture.tenants(1);
    if (!tenant) throw new RangeError('warm needs a tenant');
    const ours = tenantry({ connectionsPerTenant });
    const cases: { contender: ContenderSpec; mode: (typeof modes)[number]; name: string; isJudged: boolean }[] = [
      ...modes.map((mode) => ({ contender: ours, mode, name: `tenantry, ${mode}`, isJudged: mode === 'one lease' })),
      {
        contender: tenantry({ connectionsPerTenant, strategy: 'client-per-tenant' }),
        mode: 'one lease',
        name: `${contenderName(tenantry({ strategy: 'client-per-tenant' }))}, one lease`,
        isJudged: false,
      },
      {
        contender: { kind: 'map', connectionsPerTenant, keepsStatements: true },
        mode: 'one lease',
        name: 'a bare client with the same prepared statements',
        isJudged: false,
      },
      { contender: { kind: 'map', connectionsPerTenant }, mode: 'one lease', name: 'another bare client (noise)', isJudged: false },
    ];
    const samples: Record<string, OutputOf<typeof measureWarm>[]> = {};
    for (let round = 1; round <= rounds; round += 1) {
      for (const { contender, mode, name } of cases) {
        const onReport = (text: string) => progress.update(`round ${round}, ${name}: ${text}`);
        const input = { contender, mode, tenant, blocks: quick ? 1 : 11, queries: quick ? 5 : 400 };
        (samples[name] ??= []).push(await measureWarm.call(input, { signal, onReport }));
      }
    }
    return {
      rows: cases.flatMap(({ name, isJudged }) => rowsOf(name, samples[name] ?? [], isJudged)),
      notes: [
        'Both in one process, in alternating blocks of queries; ratios are medians over the pairs of blocks. 20 rows, all columns.',
        'The pool keeps frequent statements prepared on its connections. A bare client does so only when it is given names for them ' +
          '(`statementNameGenerator`): the row with the same prepared statements shows what that gains, and so what handles cost.',
      ],
      samples,
    };
  },
};

function rowsOf(contender: string, rounds: readonly OutputOf<typeof measureWarm>[], isJudged: boolean): Row[] {
  const row = (figure: string, pairs: readonly Pair[], unit: Row['unit']) => {
    const ratio = { value: median(pairs.map((pair) => pair.contender / pair.bare)), to: 'a bare PrismaClient' };
    return { figure, contender, value: median(pairs.map((pair) => pair.contender)), unit, ratio };
  };
  const latency = row(
    'latency, one at a time',
    rounds.flatMap((round) => round.latency),
    'ms',
  );
  const cpu = row(
    'CPU of the process, each',
    rounds.flatMap((round) => round.cpu),
    'µs',
  );
  const rate = row(
    `throughput, ${parallel} at a time`,
    rounds.flatMap((round) => round.throughput),
    '/s',
  );
  if (!isJudged) return [latency, cpu, rate];
  return [
    { ...latency, target: { text: '≤ 1.1', isMet: latency.ratio.value <= 1 + allowedLoss } },
    cpu,
    { ...rate, target: { text: '≥ 0.9', isMet: rate.ratio.value >= 1 - allowedLoss } },
  ];
}
