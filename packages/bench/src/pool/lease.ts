import { z } from 'zod';
import { childTask, type OutputOf } from '../child-task.ts';
import type { Scenario } from '../scenario.ts';
import { median } from '../statistics.ts';
import { tenantry } from './contenders/contender.ts';
import { openTenantry } from './contenders/tenantry.ts';
import type { PoolFixture } from './fixture.ts';
import { tenantSchema } from './tenant.ts';
import { listUsers } from './workload.ts';

const operation = { operation: 'bench' };

export const measureLease = childTask({
  module: import.meta.url,
  name: 'measureLease',
  input: z.object({ tenant: tenantSchema, leases: z.int(), parallel: z.int() }),
  /** Microseconds for one acquire and release. */
  output: z.object({ alone: z.number(), parallel: z.number(), withHandle: z.number() }),
  run: async ({ tenant, leases, parallel }) => {
    await using contender = await openTenantry(tenantry(), [tenant]);
    await contender.use(tenant.tenantId, listUsers);
    const takeOne = async () => await (await contender.pool.lease(tenant.tenantId, operation))[Symbol.asyncDispose]();
    const takeWithHandle = async () => {
      await using lease = await contender.pool.lease(tenant.tenantId, operation);
      return lease.db;
    };
    const inTurn = (take: () => Promise<unknown>) => async () => {
      for (let done = 0; done < leases; done += 1) await take();
    };
    const together = async () => {
      for (let done = 0; done < leases; done += parallel) await Promise.all(Array.from({ length: parallel }, takeOne));
    };
    return {
      alone: await microseconds(inTurn(takeOne), leases),
      parallel: await microseconds(together, leases),
      withHandle: await microseconds(inTurn(takeWithHandle), leases),
    };
  },
});

/** Of one of the `count` pieces of work that `run` does; the first run lets V8 optimise. */
async function microseconds(run: () => Promise<void>, count: number): Promise<number> {
  await run();
  const start = performance.now();
  await run();
  return ((performance.now() - start) * 1000) / count;
}

const allowedMicroseconds = 20;

export const lease: Scenario<PoolFixture> = {
  name: 'lease',
  title: 'Acquire and release of a warm tenant’s lease, no query',
  run: async ({ fixture, rounds, quick, progress, signal }) => {
    const [tenant] = await fixture.tenants(1);
    if (!tenant) throw new RangeError('lease needs a tenant');
    const samples: OutputOf<typeof measureLease>[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      progress.update(`round ${round}`);
      samples.push(await measureLease.call({ tenant, leases: quick ? 200 : 100_000, parallel: 100 }, { signal }));
    }
    const contender = 'tenantry';
    const alone = median(samples.map((sample) => sample.alone));
    return {
      rows: [
        {
          figure: 'acquire + release',
          contender,
          value: alone,
          unit: 'µs',
          target: { text: `< ${allowedMicroseconds} µs`, isMet: alone < allowedMicroseconds },
        },
        { figure: '… 100 at a time, each', contender, value: median(samples.map((sample) => sample.parallel)), unit: 'µs' },
        { figure: '… and its handle', contender, value: median(samples.map((sample) => sample.withHandle)), unit: 'µs' },
      ],
      notes: [],
      samples,
    };
  },
};
