import type { Scenario } from '../scenario.ts';
import { defineSuite } from '../suite.ts';
import { execution } from './execution.ts';

export const scenarios: readonly Scenario<AsyncDisposable>[] = [execution];

export const subgraphSuite = defineSuite({
  name: 'subgraph',
  title: 'Execution within a subgraph, against graphql-js and graphql-jit',
  open: async () => await Promise.resolve(new AsyncDisposableStack()),
  scenarios,
});
