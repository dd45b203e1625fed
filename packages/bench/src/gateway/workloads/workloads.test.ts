import { composeSupergraph } from '@tenantry/gateway';
import { expect, test } from 'vitest';
import { referenceAnswers } from '../reference.ts';
import { benchSubgraphs } from '../subgraphs.ts';
import { workloads } from './workloads.ts';

const supergraph = composeSupergraph(benchSubgraphs.map(({ name, schemaPath }) => ({ name, schemaPath, url: `http://${name}` })));
const findAnswer = referenceAnswers(supergraph);

test.each(workloads)('$name asks for what there is', ({ requests }) => {
  for (const request of requests.slice(0, 200)) expect(findAnswer(request)).toEqual({ data: expect.any(Object) });
});

test.each(workloads)('$name has no two requests with one answer', ({ requests }) => {
  const some = requests.slice(0, 200).map((request) => JSON.stringify(findAnswer(request)));
  expect(new Set(some).size).toBe(some.length);
});

test('megabyte is answered with a megabyte', () => {
  const [request] = workloads.find(({ name }) => name === 'megabyte')?.requests ?? [];
  const { length } = JSON.stringify(request && findAnswer(request));
  expect(length / 2 ** 20).toBeCloseTo(1, 1);
});

test('operations has 200 different ones', () => {
  const requests = workloads.find(({ name }) => name === 'operations')?.requests ?? [];
  expect(new Set(requests.map(({ query }) => query.replace(/^query \w+/, ''))).size).toBe(200);
});
