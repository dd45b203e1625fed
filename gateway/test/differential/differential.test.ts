import { setImmediate as macrotask } from 'node:timers/promises';
import { print } from 'graphql';
import { expect, test } from 'vitest';
import type { Execute } from './executors/executor.ts';
import { executeOurs } from './executors/our-executor.ts';
import { suiteOver } from './generated-suite.ts';
import type { Feature } from './report/coverage.ts';
import { describeFinding } from './report/describe-finding.ts';
import { reduceTrial, type ReducedTrial } from './report/reduce-trial.ts';
import { runDifferential } from './run-differential.ts';
import { handWrittenSupergraphs } from './supergraphs.ts';
import { tryOut } from './trial.ts';

/** What is met in even a short run. The long one, `pnpm --filter @tenantry/gateway differential`, has to meet every feature. */
const commonFeatures: readonly Feature[] = [
  'plan: Sequence',
  'plan: Parallel',
  'plan: Flatten',
  'plan: Condition',
  'flatten: lists in lists',
  'fetch: of entities',
  'fetch: with variables',
  'operation: mutation',
  'operation: fragments',
  'operation: abstract types',
  'entities: equal representations',
  'result: as from one server',
  'result: value completion',
  'result: stock executor corrected',
  'result: spliced of one answer',
  'result: spliced of several answers',
  'fault: error',
  'fault: error-with-code',
  'fault: null',
  'fault: missing',
];

test('our executor answers as the stock one, on generated supergraphs, operations and faults', { timeout: 120_000 }, async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const report = await runDifferential({ seed, cases: 400 });
  const described = report.findings.slice(0, 1).map(async (finding) => describeFinding(finding.seed, await reduceTrial(finding)));
  expect((await Promise.all(described)).join('\n')).toBe('');
  const missed = commonFeatures.filter((feature) => !report.coverage.counts.has(feature));
  expect({ seed, missed, discarded: report.discarded }).toEqual({ seed, missed: [], discarded: [] });
  expect(report.unplanned.length, `operations without a plan, with seed ${seed}`).toBeLessThan(report.operations / 4);
});

test('an executor that is wrong is found, and shown with no more than it takes', { timeout: 120_000 }, async () => {
  const right = executeOurs({ generatesCode: false });
  const confused: Execute = async (planned, ask) => {
    const { data = null, ...result } = await right(planned, ask);
    return { ...result, data: JSON.parse(JSON.stringify(data, (_key, value: unknown) => (value === 'Parcel' ? 'Item' : value))) };
  };
  const executors = { generated: right, interpreted: confused, spliced: right };
  const found = await firstFinding(executors);
  expect(found.outcome.differences).toEqual(['interpreted: data']);
  const { trial, outcome } = await reduceTrial(found, { executors });
  const { document, supergraph } = trial.planned;
  expect(outcome.faults.size).toBe(0);
  expect(print(document)).toMatch(/^(?:query Named )?\{\n {2}(?:\w+: )?parcels? \{\n {4}(?:\w+: )?__typename\n {2}\}\n\}$/);
  expect(supergraph.sources.map(({ sdl }) => sdl).join('\n')).not.toContain('@requires(');
  expect(describeFinding(15, { trial, outcome })).toContain('differential --seed 15 --cases 1');
});

test('an executor that gives one client what is for another is found', { timeout: 120_000 }, async () => {
  const right = executeOurs({ generatesCode: false });
  const lastOf = new WeakMap<object, unknown>();
  const careless: Execute = async (planned, ask) => {
    const result = await right(planned, ask);
    lastOf.set(planned, result.data);
    await macrotask();
    return { ...result, data: lastOf.get(planned) };
  };
  const found = await firstFinding({ generated: right, interpreted: right, spliced: careless });
  expect(found.outcome.differences.some((difference) => difference.endsWith(': data'))).toBe(true);
});

/** On subgraphs that compose fast. */
async function firstFinding(executors: Parameters<typeof tryOut>[1]): Promise<ReducedTrial> {
  const [{ subgraphs }] = handWrittenSupergraphs;
  for (let seed = 1; ; seed++) {
    for (const trial of suiteOver(subgraphs, seed).trials) {
      const outcome = await tryOut(trial, executors);
      if (outcome.differences.length > 0) return { trial, outcome };
    }
  }
}
