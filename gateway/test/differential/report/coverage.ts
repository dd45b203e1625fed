import type { FetchNode, PlanNode, QueryPlan, SubscriptionNode } from '@apollo/query-planner';
import { OperationTypeNode } from 'graphql';
import type { Outcome, Trial } from '../trial.ts';
import { answerFaults, fetchFaults, resolverFaults } from '../world/faults.ts';
import { stableJson } from '../world/hash.ts';

/** What a run has to come by: each is a way in which the executors could differ. */
const features = [
  'plan: Sequence',
  'plan: Parallel',
  'plan: Flatten',
  'plan: Fetch',
  'plan: Condition',
  'plan: nothing',
  'flatten: lists in lists',
  'fetch: of entities',
  'fetch: of an interface object',
  'fetch: with @requires',
  'fetch: with @provides',
  'fetch: with input rewrites',
  'fetch: with output rewrites',
  'fetch: with variables',
  'operation: mutation',
  'operation: mutation over several subgraphs',
  'operation: introspection beside data',
  'operation: fragments',
  'operation: abstract types',
  'entities: equal representations',
  'result: as from one server',
  'result: data is null',
  'result: errors with paths through lists',
  'result: errors without path',
  'result: value completion',
  'result: stock executor corrected',
  'result: spliced of one answer',
  'result: spliced of several answers',
  ...[...resolverFaults, ...answerFaults, ...fetchFaults].map((fault) => `fault: ${fault}` as const),
] as const;

export type Feature = (typeof features)[number];

/** How many trials had each feature. */
export class Coverage {
  readonly #counts = new Map<Feature, number>();

  get counts(): ReadonlyMap<Feature, number> {
    return this.#counts;
  }

  /** Features that no trial had. */
  get missed(): Feature[] {
    return features.filter((feature) => !this.#counts.has(feature));
  }

  add(trial: Trial, outcome: Outcome): void {
    const found = new Set([...planFeatures(trial), ...outcomeFeatures(outcome)]);
    for (const feature of features) if (found.has(feature)) this.#counts.set(feature, (this.#counts.get(feature) ?? 0) + 1);
  }
}

function* planFeatures({ planned: { plan, document, operation } }: Trial): Generator<Feature> {
  const nodes = [...planNodes(plan)];
  const fetches = nodes.filter((node) => node.kind === 'Fetch');
  if (nodes.length === 0) yield 'plan: nothing';
  for (const { kind } of nodes) if (kind !== 'Defer') yield `plan: ${kind}`;
  if (nodes.some((node) => node.kind === 'Flatten' && node.path.filter((part) => part === '@').length > 1)) yield 'flatten: lists in lists';
  for (const fetch of fetches) yield* fetchFeatures(fetch);
  if (operation.operation === OperationTypeNode.MUTATION) {
    yield 'operation: mutation';
    if (new Set(fetches.map(({ serviceName }) => serviceName)).size > 1) yield 'operation: mutation over several subgraphs';
  }
  const text = document.loc?.source.body ?? '';
  if (/\b__(?:schema|type)\b/.test(text) && fetches.length > 0) yield 'operation: introspection beside data';
  if (document.definitions.length > 1) yield 'operation: fragments';
  if (/on (?:[IU]\d|Shape|Media)\b/.test(text)) yield 'operation: abstract types';
}

function* fetchFeatures({ requires, inputRewrites, outputRewrites, variableUsages, operation }: FetchNode): Generator<Feature> {
  if (requires) yield 'fetch: of entities';
  if (/on Media\b/.test(operation)) yield 'fetch: of an interface object';
  if (/\br\d\b/.test(operation)) yield 'fetch: with @requires';
  if (/\bprovideE/.test(operation)) yield 'fetch: with @provides';
  if (inputRewrites && inputRewrites.length > 0) yield 'fetch: with input rewrites';
  if (outputRewrites && outputRewrites.length > 0) yield 'fetch: with output rewrites';
  if (variableUsages && variableUsages.length > 0) yield 'fetch: with variables';
}

function* outcomeFeatures({ stock, corrected, ours: { generated, spliced }, monolith, faults }: Outcome): Generator<Feature> {
  const { data, errors, valueCompletion } = generated.result;
  if (stableJson(stock.received) !== stableJson(generated.received)) yield 'entities: equal representations';
  if (monolith) yield 'result: as from one server';
  if (data === null) yield 'result: data is null';
  if (errors.some(({ path }) => path?.some((part) => typeof part === 'number'))) yield 'result: errors with paths through lists';
  if (errors.some(({ path }) => path === undefined)) yield 'result: errors without path';
  if (valueCompletion.length > 0) yield 'result: value completion';
  if (corrected) yield 'result: stock executor corrected';
  if (spliced.splicing === 'spliced')
    yield spliced.received.length > 1 ? 'result: spliced of several answers' : 'result: spliced of one answer';
  const happened = new Set(faults.values());
  for (const fault of [...resolverFaults, ...answerFaults, ...fetchFaults]) if (happened.has(fault)) yield `fault: ${fault}`;
}

function* planNodes({ node }: QueryPlan): Generator<PlanNode> {
  if (node) yield* nodesIn(node);
}

function* nodesIn(node: PlanNode | SubscriptionNode | undefined): Generator<PlanNode> {
  if (!node || node.kind === 'Subscription') return;
  yield node;
  if (node.kind === 'Sequence' || node.kind === 'Parallel') for (const part of node.nodes) yield* nodesIn(part);
  if (node.kind === 'Flatten') yield* nodesIn(node.node);
  if (node.kind === 'Condition') {
    yield* nodesIn(node.ifClause);
    yield* nodesIn(node.elseClause);
  }
}
