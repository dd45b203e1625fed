import type { SubscriptionNode } from '@apollo/query-planner';
import { GraphQLError } from 'graphql';
import type { ConditionValues } from './conditions.ts';
import type { ExecutableOptions, OperationRequest, SubscriptionRequest } from './executable-operation.ts';
import { compileParts } from './deferred/compile-parts.ts';
import { executeInParts, type PartedResult } from './deferred/execute-in-parts.ts';
import { asksSubgraphs, compileIntrospection } from './introspection.ts';
import { ObjectTypes } from './object-types.ts';
import type { OperationResult } from './operation-result.ts';
import { compileStep } from './plan/compile-plan.ts';
import { compileReceipt, variablesFor } from './plan/fetch-step.ts';
import { cursorAtRoot, startRun, type PlanRun } from './plan/plan-run.ts';
import { splicingIfPossible } from './splice/splicing-if-possible.ts';
import { buildShape } from './shape/build-shape.ts';
import { compileResponse } from './shape/compile-response.ts';

/** What is compiled of an operation for one combination of values of its condition variables. */
export interface Variant {
  execute(request: OperationRequest): Promise<OperationResult>;
  /** The JSON of a whole response, where it was put together of pieces of the answers. */
  executeToSend(request: OperationRequest): Promise<OperationResult | Buffer>;
  /** Null when nothing is deferred. */
  executeInParts(request: OperationRequest): Promise<PartedResult> | null;
  subscribe(request: SubscriptionRequest): AsyncIterable<OperationResult>;
}

export function compileVariant(options: ExecutableOptions, conditions: ConditionValues): Variant {
  const { node } = options.plan;
  if (!node && asksSubgraphs(options.operation, options.schemas.api, conditions)) return unanswerable;
  const types = new ObjectTypes(options.schemas.supergraph);
  const introspect = compileIntrospection(options.operation, options.schemas.api, conditions);
  const shape = buildShape(options.operation, options.schemas.api, conditions);
  const respond = compileResponse(shape, options);
  const finish = ({ data, errors, variables }: PlanRun) => respond(data, errors, introspect(variables));

  if (node?.kind === 'Subscription') return subscriptionVariant(node, types, conditions, finish);
  const step = compileStep(node, types, conditions);
  const parts = compileParts(node, options, types, conditions);
  const execute = async (request: OperationRequest) => {
    const run = startRun(request);
    await step(run, cursorAtRoot(run));
    return finish(run);
  };
  return {
    execute,
    executeToSend: splicingIfPossible({ node, supergraph: options.schemas.supergraph, shape, types, conditions }, execute),
    executeInParts: (request) => parts && executeInParts(parts, request, introspect(request.variables)),
    subscribe: () => {
      throw new GraphQLError('Only a subscription can be subscribed to.');
    },
  };
}

/**
 * Of an operation that asks for something, and for which the planner found nothing to fetch: mostly since no subgraph has objects of the
 * types that it asks for. Nulls would say more than is known.
 */
const unanswerable: Variant = {
  execute: async () => nothingToFetch(),
  executeToSend: async () => nothingToFetch(),
  executeInParts: () => null,
  async *subscribe() {
    yield nothingToFetch();
  },
};

function nothingToFetch(): OperationResult {
  return { data: null, errors: [new GraphQLError('There is no way to fetch anything of what the operation asks for.')] };
}

function subscriptionVariant(
  { primary, rest }: SubscriptionNode,
  types: ObjectTypes,
  conditions: ConditionValues,
  finish: (run: PlanRun) => OperationResult,
): Variant {
  const receive = compileReceipt(primary, types);
  const step = compileStep(rest, types, conditions);
  const { serviceName, operation: query, operationName } = primary;
  return {
    execute: () => {
      throw new GraphQLError('A subscription is not executed once, but subscribed to.');
    },
    executeToSend: () => {
      throw new GraphQLError('A subscription is not executed once, but subscribed to.');
    },
    executeInParts: () => null,
    async *subscribe(request) {
      const variables = variablesFor(primary, request);
      for await (const event of request.subscribe(serviceName, { query, operationName, variables })) {
        const run = startRun(request);
        const cursor = cursorAtRoot(run);
        receive(event, run, cursor);
        await step(run, cursor);
        yield finish(run);
      }
    },
  };
}
