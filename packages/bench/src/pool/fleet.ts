import { z } from 'zod';
import { childTask } from '../child-task.ts';
import { ChildTaskError } from '../errors.ts';
import { alternated } from '../rounds.ts';
import type { Scenario, ScenarioContext } from '../scenario.ts';
import { contenderName, contenderSchema, tenantry, type ContenderSpec } from './contenders/contender.ts';
import { openContender } from './contenders/open.ts';
import { noConnections, watchConnections } from './connection-watch.ts';
import { fleetRows, type FleetCase, type FleetSample } from './fleet-report.ts';
import { serverConnections, type PoolFixture } from './fixture.ts';
import { tenantSchema } from './tenant.ts';
import { runTraffic, trafficResult } from './traffic.ts';

/** Connections that all tenants of one process may have together. */
export const fleetConnections = 60;

export const measureFleet = childTask({
  module: import.meta.url,
  name: 'measureFleet',
  input: z.object({
    contender: contenderSchema,
    tenants: z.array(tenantSchema),
    inFlight: z.int(),
    warmUpMs: z.number(),
    durationMs: z.number(),
    seed: z.int(),
  }),
  output: trafficResult.extend({ rss: z.number() }),
  run: async ({ contender: spec, warmUpMs, seed, ...traffic }, report) => {
    await using contender = await openContender(spec, traffic.tenants);
    report('warming up');
    await runTraffic({ ...traffic, contender, durationMs: warmUpMs, seed: seed + 1 });
    report('measuring');
    const result = await runTraffic({ ...traffic, contender, seed });
    return { ...result, rss: process.memoryUsage().rss };
  },
});

function casesOf(inFlights: readonly number[], quick: boolean): FleetCase[] {
  const ours = tenantry({ connections: quick ? 2 : fleetConnections });
  const lru: ContenderSpec = { kind: 'lru', size: quick ? 2 : fleetConnections, connectionsPerTenant: 1 };
  return inFlights.flatMap((inFlight) => [
    { contender: ours, isLimited: true, inFlight },
    { contender: lru, isLimited: true, inFlight },
    { contender: lru, isLimited: false, inFlight },
  ]);
}

export const fleet: Scenario<PoolFixture> = {
  name: 'fleet',
  title: 'Traffic over 2,000 tenants’ databases by a Zipf law, 60 connections in all',
  run: async (context) => {
    const { rounds, quick } = context;
    const samples: FleetSample[] = [];
    for (const { contender: fleetCase, round } of alternated(casesOf(quick ? [4] : [32, 128], quick), rounds)) {
      samples.push({ ...fleetCase, ...(await measureCase(fleetCase, round, context)) });
    }
    return {
      rows: fleetRows(samples),
      notes: [
        '70 % reads, 20 % writes, 10 % interactive transactions, as many requests in flight as it says, for 20 s after 10 s of warm-up.',
        `With "60 on the server", Postgres itself refuses the 61st connection (CONNECTION LIMIT); without, it takes ${serverConnections} of all.`,
        'A Map of clients cannot take part: see sweep.',
      ],
      samples,
    };
  },
};

async function measureCase({ contender, isLimited, inFlight }: FleetCase, round: number, context: ScenarioContext<PoolFixture>) {
  const { fixture, quick, progress, signal, seed } = context;
  const tenants = [...(await fixture.tenants(quick ? 6 : 2000))];
  await fixture.limitConnections(isLimited && !quick ? fleetConnections : -1);
  await noConnections(fixture, signal);
  using watch = watchConnections(fixture);
  const onReport = (text: string) => progress.update(`round ${round}, ${contenderName(contender)}, ${inFlight} in flight: ${text}`);
  const times = quick ? { warmUpMs: 100, durationMs: 300 } : { warmUpMs: 10_000, durationMs: 20_000 };
  try {
    const input = { contender, tenants, inFlight, seed: seed + round, ...times };
    return { result: await measureFleet.call(input, { signal, onReport }), death: null, peak: watch.peak };
  } catch (error) {
    if (!(error instanceof ChildTaskError)) throw error;
    return { result: null, death: error.message.split('\n')[0] ?? '', peak: watch.peak };
  } finally {
    await fixture.limitConnections(-1);
  }
}
