import { z } from 'zod';
import { childTask } from '../child-task.ts';
import { settledMemory } from '../memory-use.ts';
import type { Row, Scenario } from '../scenario.ts';
import { slope, type Point } from '../statistics.ts';
import { contenderName, contenderSchema, tenantry } from './contenders/contender.ts';
import { openContender } from './contenders/open.ts';
import { fleetConnections } from './fleet.ts';
import type { PoolFixture } from './fixture.ts';
import { tenantSchema } from './tenant.ts';
import { runTraffic } from './traffic.ts';

const inFlight = 32;
/** Milliseconds of traffic between looks at the memory. */
const sampleMs = 10_000;
/** Share of a soak that counts as warm-up: caches fill, V8 sizes its heap. */
const warmUpShare = 0.3;
/** Growth after the warm-up, as a share of what is there in the end, up to which memory is flat. */
const allowedGrowth = 0.05;

const sampleSchema = z.object({
  minute: z.number(),
  rssMb: z.number(),
  heapMb: z.number(),
  requests: z.int(),
  errors: z.record(z.string(), z.int()),
});
type Sample = z.infer<typeof sampleSchema>;

export const measureSoak = childTask({
  module: import.meta.url,
  name: 'measureSoak',
  input: z.object({ contender: contenderSchema, tenants: z.array(tenantSchema), soakMs: z.number(), sampleMs: z.number(), seed: z.int() }),
  output: z.array(sampleSchema),
  run: async ({ contender: spec, tenants, soakMs, sampleMs: durationMs, seed }, report) => {
    await using contender = await openContender(spec, tenants);
    const samples: Sample[] = [];
    const start = performance.now();
    while (performance.now() - start < soakMs) {
      const { requests, errors } = await runTraffic({ contender, tenants, inFlight, durationMs, seed: seed + samples.length });
      const { rss, heap } = await settledMemory();
      const minute = (performance.now() - start) / 60_000;
      samples.push({ minute, rssMb: rss / 2 ** 20, heapMb: heap / 2 ** 20, requests, errors });
      report(`${minute.toFixed(1)} min, RSS ${(rss / 2 ** 20).toFixed(0)} MB, heap ${(heap / 2 ** 20).toFixed(0)} MB`);
    }
    return samples;
  },
});

export const soak: Scenario<PoolFixture> = {
  name: 'soak',
  title: 'Whether memory stays flat under the traffic of fleet; --soak says for how long',
  onRequest: true,
  run: async ({ fixture, quick, soakMs, seed, progress, signal }) => {
    const contender = tenantry({ connections: fleetConnections });
    const tenants = [...(await fixture.tenants(quick ? 6 : 2000))];
    const name = contenderName(contender);
    const input = { contender, tenants, seed, soakMs: quick ? 600 : soakMs, sampleMs: quick ? 100 : sampleMs };
    const samples = await measureSoak.call(input, { signal, onReport: (text) => progress.update(`${name}: ${text}`) });
    const end = samples.at(-1)?.minute ?? 0;
    const settled = samples.filter(({ minute }) => minute >= end * warmUpShare);
    const errors = samples.flatMap((sample) => Object.entries(sample.errors));
    const failed = errors.reduce((sum, [, count]) => sum + count, 0);
    return {
      rows: [
        ...growthRows(
          'RSS',
          name,
          settled.map(({ minute, rssMb }) => ({ x: minute, y: rssMb })),
        ),
        ...growthRows(
          'heap',
          name,
          settled.map(({ minute, heapMb }) => ({ x: minute, y: heapMb })),
        ),
        { figure: 'failed requests', contender: name, value: failed, unit: '', target: { text: '0', isMet: failed === 0 } },
      ],
      notes: [
        `${end.toFixed(1)} minutes, ${samples.reduce((sum, { requests }) => sum + requests, 0)} requests, ${inFlight} in flight. ` +
          'Memory after garbage collection every 10 s; slopes of the line that fits best after the first 30 %.',
        ...(failed > 0 ? [`Failed with: ${[...new Set(errors.map(([kind]) => kind))].join(', ')}.`] : []),
      ],
      samples,
    };
  },
};

function growthRows(measure: string, contender: string, points: readonly Point[]): Row[] {
  const perMinute = slope(points);
  const last = points.at(-1)?.y ?? 0;
  const grown = (perMinute * ((points.at(-1)?.x ?? 0) - (points[0]?.x ?? 0))) / last;
  return [
    { figure: `${measure} at the end`, contender, value: last, unit: 'MB' },
    {
      figure: `${measure} growth`,
      contender,
      value: perMinute,
      unit: 'MB/min',
    },
    {
      figure: `${measure} growth after the warm-up`,
      contender,
      value: grown * 100,
      unit: '%',
      target: { text: '≤ 5 %', isMet: grown <= allowedGrowth },
    },
  ];
}
