import { z } from 'zod';
import { childTask, type OutputOf } from '../child-task.ts';
import { alternated } from '../rounds.ts';
import type { Row, Scenario } from '../scenario.ts';
import { median, quantile } from '../statistics.ts';
import { contenderName, contenderSchema, tenantry, type ContenderSpec } from './contenders/contender.ts';
import { openContender } from './contenders/open.ts';
import { deadTenants } from './dead-servers.ts';
import type { PoolFixture } from './fixture.ts';
import { steadyTraffic } from './steady-traffic.ts';
import { tenantSchema } from './tenant.ts';

const healthyPerSecond = 200;
const deadPerSecond = 60;
/** Length of the warm-up, as a share of the measurement's. */
const warmUpShare = 0.3;
/** Milliseconds that a request has after the traffic: more than the pool's longest time-out. */
const graceMs = 6000;

export const measureDeadTenant = childTask({
  module: import.meta.url,
  name: 'measureDeadTenant',
  input: z.object({
    contender: contenderSchema,
    healthy: z.array(tenantSchema),
    /** Empty: nobody asks for a dead tenant. */
    dead: z.array(tenantSchema),
    durationMs: z.number(),
    /** Milliseconds that the last requests for dead tenants get to end. */
    deadGraceMs: z.number(),
  }),
  output: z.object({
    /** Milliseconds. */
    p50: z.number(),
    p99: z.number(),
    failed: z.int(),
    deadFailed: z.int(),
    deadStuck: z.int(),
    deadMedianMs: z.number(),
    deadP95Ms: z.number(),
    deadErrors: z.record(z.string(), z.int()),
  }),
  run: async ({ contender: spec, healthy, dead, durationMs, deadGraceMs }) => {
    await using contender = await openContender(spec, [...healthy, ...dead]);
    const healthyTraffic = { contender, tenants: healthy, requestsPerSecond: healthyPerSecond, durationMs, graceMs };
    await steadyTraffic({ ...healthyTraffic, durationMs: durationMs * warmUpShare });
    const [well, ill] = await Promise.all([
      steadyTraffic(healthyTraffic),
      steadyTraffic({ contender, tenants: dead, requestsPerSecond: dead.length > 0 ? deadPerSecond : 0, durationMs, graceMs: deadGraceMs }),
    ]);
    return {
      p50: quantile(well.latencies, 0.5),
      p99: quantile(well.latencies, 0.99),
      failed: well.failedAfter.length + well.stuck,
      deadFailed: ill.failedAfter.length,
      deadStuck: ill.stuck,
      deadMedianMs: ill.failedAfter.length > 0 ? median(ill.failedAfter) : 0,
      deadP95Ms: ill.failedAfter.length > 0 ? quantile(ill.failedAfter, 0.95) : 0,
      deadErrors: ill.errors,
    };
  },
});

type Measured = OutputOf<typeof measureDeadTenant>;

/** Without dead tenants, without them once more, and with them. */
const variants = ['healthy', 'healthy again', 'with dead tenants'] as const;
type Variant = (typeof variants)[number];

interface Sample extends Measured {
  name: string;
  variant: Variant;
}

export const deadTenant: Scenario<PoolFixture> = {
  name: 'dead-tenant',
  title: 'Whether tenants whose database is gone move the p99 of the others',
  run: async ({ fixture, rounds, quick, progress, signal }) => {
    const healthy = [...(await fixture.tenants(quick ? 2 : 20))];
    const [model] = healthy;
    if (!model) throw new RangeError('dead-tenant needs tenants');
    await using dead = await deadTenants(model, quick ? 1 : 5);
    const contenders: ContenderSpec[] = [tenantry(), { kind: 'map', connectionsPerTenant: 2 }];
    const cases = contenders.flatMap((contender) => variants.map((variant) => ({ contender, variant })));
    const samples: Sample[] = [];
    for (const {
      contender: { contender, variant },
      round,
    } of alternated(cases, rounds)) {
      const name = contenderName(contender);
      progress.update(`round ${round}, ${name}: ${variant}`);
      const visited = variant === 'with dead tenants' ? [...dead.tenants] : [];
      const input = { contender, healthy, dead: visited, durationMs: quick ? 200 : 10_000, deadGraceMs: quick ? 200 : graceMs };
      samples.push({ name, variant, ...(await measureDeadTenant.call(input, { signal })) });
    }
    return {
      rows: [...new Set(samples.map(({ name }) => name))].flatMap((name) => rowsOf(name, samples)),
      notes: [
        `${healthyPerSecond} findMany a second over ${healthy.length} healthy tenants, at fixed times; with dead tenants, ${deadPerSecond} a second more for ` +
          `${dead.tenants.length} whose server never answers, refuses connections or refuses the password. Within the noise: the ratio with dead ` +
          'tenants is below the largest ratio between two runs without them, or within 25 %.',
      ],
      samples,
    };
  },
};

/** A p99 of 2,000 requests moves by this much by itself. */
const allowedMove = 1.25;

function rowsOf(contender: string, samples: readonly Sample[]): Row[] {
  const of = (variant: Variant) => samples.filter((sample) => sample.name === contender && sample.variant === variant);
  const p99 = (variant: Variant) => median(of(variant).map((sample) => sample.p99));
  const ratios = (variant: Variant) => of(variant).map((sample, round) => sample.p99 / (of('healthy')[round]?.p99 ?? NaN));
  const [again, dead] = [median(ratios('healthy again')), median(ratios('with dead tenants'))];
  const noise = Math.max(allowedMove, ...ratios('healthy again').flatMap((ratio) => [ratio, 1 / ratio]));
  const ill = of('with dead tenants');
  const failed = ill.reduce((sum, sample) => sum + sample.failed, 0);
  const isOurs = contender === contenderName(tenantry());
  const to = 'without dead tenants';
  return [
    { figure: 'p99 of healthy tenants, none dead', contender, value: p99('healthy'), unit: 'ms' },
    { figure: '… none dead, again (noise)', contender, value: p99('healthy again'), unit: 'ms', ratio: { value: again, to } },
    {
      figure: '… with dead tenants',
      contender,
      value: p99('with dead tenants'),
      unit: 'ms',
      ratio: { value: dead, to },
      ...(isOurs ? { target: { text: 'within the noise', isMet: dead <= noise } } : {}),
    },
    {
      figure: 'failed requests of healthy tenants',
      contender,
      value: failed,
      unit: '',
      ...(isOurs ? { target: { text: '0', isMet: failed === 0 } } : {}),
    },
    {
      figure: 'a dead tenant’s request fails after, median',
      contender,
      value: median(ill.map((sample) => sample.deadMedianMs)),
      unit: 'ms',
    },
    { figure: '… p95', contender, value: median(ill.map((sample) => sample.deadP95Ms)), unit: 'ms' },
    { figure: '… has no end within 6 s', contender, value: ill.reduce((sum, sample) => sum + sample.deadStuck, 0), unit: '' },
  ];
}
