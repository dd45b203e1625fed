import type { QueryPlan } from '@apollo/query-planner';
import { getVariableValues, GraphQLError, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';
import { measureOperation } from '../limits/operation-size.ts';
import type { ValidOperation } from '../operation.ts';
import { conditionsKey, ConditionVariables, type ConditionValues } from './conditions.ts';
import { compileVariant, type Variant } from './compile-variant.ts';
import type { PartedResult } from './deferred/execute-in-parts.ts';
import type { FetchFromSubgraph, SubscribeToSubgraph } from './plan/plan-run.ts';
import type { OperationResult } from './operation-result.ts';
import { VariantCache } from './variant-cache.ts';
import { compileVariablesCheck, type AreSurelyFit } from './variables-check.ts';

/** A supergraph, as clients see it and as its subgraphs do. */
export interface ExecutionSchemas {
  readonly api: GraphQLSchema;
  /** With what is inaccessible to clients. */
  readonly supergraph: GraphQLSchema;
}

export interface ExecutableOptions {
  readonly plan: QueryPlan;
  /** The operation that was planned, valid in the API schema. */
  readonly operation: ValidOperation;
  readonly schemas: ExecutionSchemas;
  /** Where what is compiled for values of condition variables is kept. Default: a cache of its own. */
  readonly variants?: VariantCache;
  /** Default true: responses are shaped by code that is generated for them, where the process may generate code. */
  readonly generatesCode?: boolean;
}

export interface OperationRequest {
  /** The operation as the client wrote it, if it was not written like the one that was planned: errors say where in it. */
  readonly operation?: OperationDefinitionNode;
  /** As the client sent them. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly fetch: FetchFromSubgraph;
  /** Whether `fetch` gives the answers of a subgraph to the `scan` of operations. Default: it never does. */
  readonly hasBytes?: (subgraph: string) => boolean;
}

export interface SubscriptionRequest extends OperationRequest {
  readonly subscribe: SubscribeToSubgraph;
}

/** An operation whose plan and response shape are compiled: what is left for a request is only what depends on the request. */
export interface ExecutableOperation {
  /** Of a query or a mutation. Does not reject for what subgraphs do; that is in the result. */
  execute(request: OperationRequest): Promise<OperationResult>;
  /** As `execute`, but the result may be the JSON of a whole response, when all went well. */
  executeToSend(request: OperationRequest): Promise<OperationResult | Buffer>;
  /** As `execute`, but what `@defer` defers comes later. Null, with nothing executed, when nothing is deferred. */
  executeInParts(request: OperationRequest): Promise<PartedResult> | null;
  /** Of a subscription: a result for each event of the subgraph that it is of, completed by the others. Throws what the events end with. */
  subscribe(request: SubscriptionRequest): AsyncIterable<OperationResult>;
}

export function makeExecutable(options: ExecutableOptions): ExecutableOperation {
  return new CompiledOperation(options);
}

type Prepared = { readonly variant: Variant } | { readonly errors: readonly GraphQLError[] };

/** Errors in variables that are told of, as graphql-js has it: a list of a million wrong values would make a million. */
const maxErrors = 50;

/** Bytes of heap that one variant takes, and more for each field or fragment: measured over operations of 25 to 2,000 fields. */
const bytesPerVariant = 4_000;
const bytesPerSelection = 2_000;

class CompiledOperation implements ExecutableOperation {
  readonly #options: ExecutableOptions;
  readonly #areSurelyFit: AreSurelyFit;
  readonly #conditions: ConditionVariables;
  readonly #variants: VariantCache;
  readonly #id: number;
  readonly #bytesPerVariant: number;
  /** Of an operation without condition variables. */
  #unconditional: Variant | undefined;

  constructor(options: ExecutableOptions) {
    const { operation, schemas, variants = new VariantCache() } = options;
    this.#options = options;
    this.#areSurelyFit = compileVariablesCheck(schemas.api, operation.operation.variableDefinitions);
    this.#conditions = new ConditionVariables(operation);
    this.#variants = variants;
    this.#id = variants.nextOperationId();
    this.#bytesPerVariant = bytesPerVariant + measureOperation(operation).selections * bytesPerSelection;
  }

  async execute(request: OperationRequest): Promise<OperationResult> {
    const prepared = this.#prepare(request);
    return 'errors' in prepared ? prepared : await prepared.variant.execute(request);
  }

  async executeToSend(request: OperationRequest): Promise<OperationResult | Buffer> {
    const prepared = this.#prepare(request);
    return 'errors' in prepared ? prepared : await prepared.variant.executeToSend(request);
  }

  executeInParts(request: OperationRequest): Promise<PartedResult> | null {
    const prepared = this.#prepare(request);
    return 'errors' in prepared ? null : prepared.variant.executeInParts(request);
  }

  async *subscribe(request: SubscriptionRequest): AsyncIterable<OperationResult> {
    const prepared = this.#prepare(request);
    if ('errors' in prepared) yield prepared;
    else yield* prepared.variant.subscribe(request);
  }

  /** Finds what is to be executed; errors when the variables are not what the operation declares. */
  #prepare({ operation = this.#options.operation.operation, variables }: OperationRequest): Prepared {
    if (!this.#areSurelyFit(variables)) {
      const { variableDefinitions = [] } = operation;
      const { errors } = getVariableValues(this.#options.schemas.api, variableDefinitions, variables, { maxErrors });
      if (errors) return { errors };
    }
    const conditions = this.#conditions.read(variables);
    return conditions instanceof GraphQLError ? { errors: [conditions] } : { variant: this.#variantFor(conditions) };
  }

  #variantFor(conditions: ConditionValues): Variant {
    const compile = () => compileVariant(this.#options, conditions);
    if (conditions.size === 0) return (this.#unconditional ??= compile());
    return this.#variants.get(this.#id, conditionsKey(conditions), this.#bytesPerVariant, compile);
  }
}
