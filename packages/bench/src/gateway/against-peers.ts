import type { Row, Scenario } from '../scenario.ts';
import { tenantry } from './contenders/tenantry.ts';
import { assertAnswer } from './check-answers.ts';
import type { GatewayFixture } from './fixture.ts';
import { connections, measureInTurn } from './measure-in-turn.ts';
import { medianOf, rateOf, type Measurement } from './measurement.ts';
import type { Workload } from './workloads/workload.ts';

/** A workload, for each gateway in a process of its own. */
export function againstPeers(workload: Workload): Scenario<GatewayFixture> {
  return {
    name: workload.name,
    title: workload.title,
    run: async ({ fixture, ...context }) => {
      const { progress, signal } = context;
      for (const { install } of fixture.contenders) await install?.(progress, signal);
      const tokens = fixture.tokens(workload);
      const samples = await measureInTurn({
        ...context,
        title: '',
        requests: workload.requests,
        tokens,
        contenders: fixture.contenders.map(({ name, start }) => ({ name, start: async () => await start(fixture.site, workload) })),
        check: assertAnswer(fixture.findAnswer),
      });
      const names = fixture.contenders.map(({ name }) => name);
      fixture.measuredCpu.set(workload.name, new Map(names.map((name) => [name, medianOf(samples, name, ({ cpuMs }) => cpuMs)])));
      return {
        rows: names.flatMap((name) => rowsOf(name, samples)),
        notes: [
          `${connections} requests in flight, drawn from ${workload.requests.length} different ones and ${tokens.length} tokens (RS256). ` +
            'Before it counts, each contender has given every answer once, and rightly.',
          'The subgraphs answer from memory, in another process; whoever asks is a third one. Nobody shares answers between requests. ' +
            '`overall` says how each is set up.',
        ],
        samples,
      };
    },
  };
}

function rowsOf(contender: string, samples: readonly Measurement[]): Row[] {
  const row = (figure: string, of: (sample: Measurement) => number, unit: Row['unit']): Row => {
    const [value, ours] = [medianOf(samples, contender, of), medianOf(samples, tenantry.name, of)];
    const plain: Row = { figure, contender, value, unit };
    return contender === tenantry.name ? plain : { ...plain, ratio: { value: value / ours, to: tenantry.name } };
  };
  return [
    row('CPU of the process, each request', ({ cpuMs }) => cpuMs, 'ms'),
    row('throughput', rateOf, '/s'),
    row('latency, p50', ({ p50Ms }) => p50Ms, 'ms'),
    row('latency, p99', ({ p99Ms }) => p99Ms, 'ms'),
    row('peak memory of the process', ({ peakMemoryMb }) => peakMemoryMb, 'MB'),
  ];
}
