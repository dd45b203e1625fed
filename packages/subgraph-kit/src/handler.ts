import { createContextVerifier, type ContextVerifier, type TenantContext } from '@tenantry/auth';
import { abandonable, BadInputError, fitRequestId, type Mode } from '@tenantry/service';
import { OperationTypeNode, type ExecutionResult, type GraphQLError } from 'graphql';
import type { Subgraph } from './define-subgraph.ts';
import { toGraphQLErrors, toRefusal } from './errors-to-graphql.ts';
import { isIntrospection, OperationDocuments, OperationRefusedError, type PreparedOperation } from './operation-documents.ts';
import { recordImpersonation } from './impersonation.ts';
import type { SubgraphServices } from './services.ts';
import { openSubgraphRequest } from './subgraph-request.ts';
import { admitSubscription } from './subscriptions/admitted-subscription.ts';
import { streamResults, type SubgraphSubscription } from './subscriptions/result-stream.ts';
import { singleResult } from './subscriptions/subscription.ts';

export interface SubgraphHandlerOptions {
  services: SubgraphServices;
  /** Key of the signed tenant context, shared with the gateway. */
  signingKey: Buffer;
  /** `development` allows introspection, without a context too. */
  mode: Mode;
}

/** One operation, as GraphQL over HTTP has it. */
export interface SubgraphOperation {
  query: string;
  operationName?: string | undefined;
  variables?: Record<string, unknown> | undefined;
}

export interface ExecuteOptions {
  /** What the request is called in logs, audit entries and errors. Default, and where it is not fit to be one: a fresh one. */
  requestId?: string | undefined;
  /** Aborted when nobody waits for the answer any longer. A query then stops; a mutation that has begun runs to its end. */
  signal?: AbortSignal | undefined;
}

export interface SubscribeOptions {
  /** As {@link ExecuteOptions.requestId}. */
  requestId?: string | undefined;
  /** Aborted when nobody waits for results any longer. With a {@link TenantryError} as its reason, that is the last result. */
  signal?: AbortSignal | undefined;
}

/** A subgraph ready to answer: the one entry for both transports, with one trust check. */
export interface SubgraphHandler {
  readonly name: string;
  /**
   * Checks who asks, before anything of a request is read; {@link execute} checks again.
   *
   * @returns the tenant context; null without one in development, where the schema is answered to anybody, and nothing else
   * @throws {UnauthenticatedError}
   */
  authenticate(signedContext: string | undefined): TenantContext | null;
  /**
   * @param signedContext the signed tenant context; without a valid one nothing is answered
   * @returns without `data` when the operation was refused before its execution
   * @throws the signal's reason, once it is aborted
   */
  execute(operation: SubgraphOperation, signedContext: string | undefined, options?: ExecuteOptions): Promise<ExecutionResult>;
  /**
   * Begins a subscription, as {@link execute} begins an operation, and answers each of its events by a request of its own. It ends with a
   * result of errors and no data when it is refused, its tenant is suspended or deleted (`TENANT_SUSPENDED`, `TENANT_NOT_FOUND`) or its
   * client's token expires (`UNAUTHENTICATED`). The one result of a query or mutation may be had like this, too.
   *
   * @returns results, for one reader who iterates or aborts the signal; who reads slowly misses no state, but not every change is told
   * @throws while iterating: the signal's reason, once it is aborted, unless that is told
   */
  subscribe(operation: SubgraphOperation, signedContext: string | undefined, options?: SubscribeOptions): SubgraphSubscription;
}

export function createSubgraphHandler(subgraph: Subgraph, options: SubgraphHandlerOptions): SubgraphHandler {
  return new SchemaHandler(subgraph, options);
}

const streamsOnly = 'A subscription is answered as a stream of events: ask for it with "accept: text/event-stream".';

const neverAborted = new AbortController().signal;

const nobody: TenantContext = { principal: null, tenantId: null, impersonated: false, origin: null };

/** Who asks, by which request, and whether they still wait. */
interface Caller {
  readonly tenantContext: TenantContext;
  readonly requestId: string;
  readonly signal: AbortSignal;
}

class SchemaHandler implements SubgraphHandler {
  readonly #subgraph: Subgraph;
  readonly #services: SubgraphServices;
  readonly #mode: Mode;
  readonly #documents: OperationDocuments;
  readonly #contexts: ContextVerifier;

  constructor(subgraph: Subgraph, { services, signingKey, mode }: SubgraphHandlerOptions) {
    this.#subgraph = subgraph;
    this.#services = services;
    this.#mode = mode;
    this.#documents = new OperationDocuments(subgraph.schema, mode);
    this.#contexts = createContextVerifier({ key: signingKey, audience: subgraph.name });
  }

  get name(): string {
    return this.#subgraph.name;
  }

  authenticate(signedContext: string | undefined): TenantContext | null {
    return signedContext === undefined && this.#mode === 'development' ? null : this.#contexts.verify(signedContext);
  }

  async execute(operation: SubgraphOperation, signedContext: string | undefined, options: ExecuteOptions = {}): Promise<ExecutionResult> {
    const signal = options.signal ?? neverAborted;
    signal.throwIfAborted();
    const requestId = fitRequestId(options.requestId);
    try {
      const tenantContext = this.authenticate(signedContext) ?? this.#introspecting(operation);
      const prepared = this.#documents.prepare(operation.query, operation.operationName);
      if (prepared.definition.operation === OperationTypeNode.SUBSCRIPTION) throw new BadInputError(streamsOnly);
      return await this.#run(prepared, operation.variables, { tenantContext, requestId, signal });
    } catch (error) {
      if (signal.aborted && error === signal.reason) throw error;
      return { errors: this.#refusal(error, requestId) };
    }
  }

  subscribe(operation: SubgraphOperation, signedContext: string | undefined, options: SubscribeOptions = {}): SubgraphSubscription {
    const { signal = neverAborted } = options;
    const requestId = fitRequestId(options.requestId);
    return streamResults({
      signal,
      present: (error) => this.#refusal(error, requestId),
      open: async (ending) => {
        const tenantContext = this.authenticate(signedContext) ?? this.#introspecting(operation);
        const prepared = this.#documents.prepare(operation.query, operation.operationName);
        if (prepared.definition.operation === OperationTypeNode.SUBSCRIPTION) {
          const common = { subgraph: this.#subgraph, services: this.#services, tenantContext, requestId, prepared };
          const { variables } = operation;
          return await admitSubscription({ ...common, variables, operation: this.#labelOf(prepared) }, ending);
        }
        return singleResult(async () => await this.execute(operation, signedContext, { signal: ending.signal, requestId }));
      },
    });
  }

  /** The context of an operation that comes without one, and may do so because it asks for nothing but the schema. */
  #introspecting({ query, operationName }: SubgraphOperation): TenantContext {
    if (!isIntrospection(this.#documents.prepare(query, operationName))) return this.#contexts.verify(undefined);
    return nobody;
  }

  async #run(
    prepared: PreparedOperation,
    variables: SubgraphOperation['variables'],
    { tenantContext, requestId, signal: callerSignal }: Caller,
  ): Promise<ExecutionResult> {
    const { definition } = prepared;
    const operation = this.#labelOf(prepared);
    const signal = definition.operation === OperationTypeNode.QUERY ? callerSignal : neverAborted;
    const { pool, members } = this.#services;
    await using request = openSubgraphRequest({ tenantContext, requestId, operation, signal, pool, members });
    if (tenantContext.impersonated) await recordImpersonation(this.#services.catalog, { tenantContext, requestId, prepared, operation });
    signal.throwIfAborted();
    const context = this.#subgraph.createContext(request, this.#services);
    // What still runs after an abort ends by itself, without its lease.
    const running = Promise.resolve(prepared.compiled.execute({ context, variables }));
    const result = await abandonable(running, signal === neverAborted ? undefined : signal);
    if (!result.errors) return result;
    const logger = this.#services.logger.child({ requestId, tenantId: tenantContext.tenantId, operation });
    return { ...result, errors: toGraphQLErrors(result.errors, { requestId, logger }) };
  }

  /** How logs and metrics call an operation. */
  #labelOf({ definition }: PreparedOperation): string {
    return `${this.name}:${definition.name?.value ?? definition.operation}`;
  }

  /** What is told of an error before or beside an execution. */
  #refusal(error: unknown, requestId: string): readonly GraphQLError[] {
    if (error instanceof OperationRefusedError) return error.errors;
    return toRefusal(error, { requestId, logger: this.#services.logger });
  }
}
