import { Histogram, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { TalliedHistogram } from './tallied-histogram.ts';

const options = {
  name: 'answer_seconds',
  help: 'Seconds to an answer.',
  labelNames: ['kind', 'outcome'],
  buckets: [0.01, 0.25, 5],
} as const;

const observed = [
  [{ kind: 'query', outcome: 'ok' }, 0.01],
  [{ kind: 'mutation', outcome: 'ok' }, 0.011],
  [{ kind: 'query', outcome: 'failed' }, 7],
  [{ kind: 'query', outcome: 'ok' }, 0.25],
  [{ kind: 'query', outcome: 'ok' }, 0],
] as const;

test('what is tallied is told of as what is observed', async () => {
  const [plain, tallied] = [new Registry(), new Registry()];
  const histogram = new Histogram({ ...options, buckets: [...options.buckets], registers: [plain] });
  const tallies = new TalliedHistogram({ ...options, buckets: [...options.buckets], registers: [tallied] });
  expect(await tallied.metrics()).toBe(await plain.metrics());
  for (const [labels, value] of observed) {
    histogram.observe(labels, value);
    tallies.tally(labels, value);
  }
  expect(linesOf(await tallied.metrics())).toEqual(linesOf(await plain.metrics()));
  expect(linesOf(await tallied.metrics())).toContain('answer_seconds_bucket{le="0.25",kind="query",outcome="ok"} 3');
  const { values } = await tallies.get();
  expect(values).toContainEqual({ metricName: 'answer_seconds_count', labels: { kind: 'query', outcome: 'ok' }, value: 3 });
});

test('a series is of all the labels, whatever their values have in common', async () => {
  const registry = new Registry();
  const tallies = new TalliedHistogram({ ...options, buckets: [1], registers: [registry] });
  for (const [kind, outcome] of [
    ['a', 'b'],
    ['b', 'a'],
    ['a', 'a'],
  ] as const)
    tallies.tally({ kind, outcome }, 1);
  expect((await registry.metrics()).match(/_count\{.*/g)).toHaveLength(3);
});

test('what is tallied is forgotten when its registry is reset', async () => {
  const registry = new Registry();
  const tallies = new TalliedHistogram({ ...options, buckets: [1], registers: [registry] });
  tallies.tally({ kind: 'query', outcome: 'ok' }, 1);
  registry.resetMetrics();
  expect(await registry.metrics()).not.toContain('answer_seconds_count');
  tallies.tally({ kind: 'query', outcome: 'ok' }, 1);
  expect(await registry.metrics()).toContain('answer_seconds_count{kind="query",outcome="ok"} 1');
});

/** Series come in no certain order. */
function linesOf(text: string): string[] {
  return text.split('\n').toSorted();
}
