import { z } from 'zod';
import { childTask } from '../child-task.ts';
import { alternated } from '../rounds.ts';
import type { Scenario } from '../scenario.ts';
import { median, quantile } from '../statistics.ts';
import { contenderName, contenderSchema, tenantry, type ContenderSpec } from './contenders/contender.ts';
import { openContender } from './contenders/open.ts';
import { deadTenants } from './dead-servers.ts';
import { allowedMove, deadTenantRows, deadTenantVariants, type DeadTenantSample } from './dead-tenant-report.ts';
import type { PoolFixture } from './fixture.ts';
import { steadyTraffic } from './steady-traffic.ts';
import { tenantSchema } from './tenant.ts';

const healthyPerSecond = 200;
const deadPerSecond = 60;
/** Length of the warm-up, as a share of the measurement's. */
const warmUpShare = 0.3;
/** Milliseconds that a request has after the traffic: the pool's waits for a turn and for a connection, 5 s each, and some. */
const graceMs = 12_000;

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
    /** Until a request for a dead tenant failed; null when none did in time. */
    deadMedianMs: z.number().nullable(),
    deadP95Ms: z.number().nullable(),
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
      deadMedianMs: ill.failedAfter.length > 0 ? median(ill.failedAfter) : null,
      deadP95Ms: ill.failedAfter.length > 0 ? quantile(ill.failedAfter, 0.95) : null,
      deadErrors: ill.errors,
    };
  },
});

export const deadTenant: Scenario<PoolFixture> = {
  name: 'dead-tenant',
  title: 'Whether tenants whose database is gone move the p99 of the others',
  run: async ({ fixture, rounds, quick, progress, signal }) => {
    const healthy = [...(await fixture.tenants(quick ? 2 : 20))];
    const [model] = healthy;
    if (!model) throw new RangeError('dead-tenant needs tenants');
    await using dead = await deadTenants(model, quick ? 1 : 5);
    const contenders: ContenderSpec[] = [tenantry(), { kind: 'map', connectionsPerTenant: 2 }];
    const cases = contenders.flatMap((contender) => deadTenantVariants.map((variant) => ({ contender, variant })));
    const deadGraceMs = quick ? 200 : graceMs;
    const samples: DeadTenantSample[] = [];
    for (const {
      contender: { contender, variant },
      round,
    } of alternated(cases, rounds)) {
      const name = contenderName(contender);
      progress.update(`round ${round}, ${name}: ${variant}`);
      const visited = variant === 'with dead tenants' ? [...dead.tenants] : [];
      const input = { contender, healthy, dead: visited, durationMs: quick ? 200 : 10_000, deadGraceMs };
      samples.push({ name, variant, ...(await measureDeadTenant.call(input, { signal })) });
    }
    return {
      rows: deadTenantRows(samples, { ours: contenderName(tenantry()), graceMs: deadGraceMs }),
      notes: [
        `${healthyPerSecond} findMany a second over ${healthy.length} healthy tenants, at fixed times; with dead tenants, ${deadPerSecond} a second more for ` +
          `${dead.tenants.length} whose server never answers, refuses connections or refuses the password.`,
        `Within the noise: the median ratio with dead tenants is no further from 1 than that of two runs without them, or than ${allowedMove}.`,
      ],
      samples,
    };
  },
};
