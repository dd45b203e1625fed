import { randomUUID } from 'node:crypto';
import { createContextVerifier, requirePrincipal, type ContextVerifier, type TenantContext } from '@tenantry/auth';
import { abandonable, type Mode } from '@tenantry/service';
import { execute, OperationTypeNode, type ExecutionResult } from 'graphql';
import type { Subgraph } from './define-subgraph.ts';
import { toGraphQLErrors, toRefusal } from './errors-to-graphql.ts';
import {
  isIntrospection,
  OperationDocuments,
  OperationRefusedError,
  rootFieldNames,
  type PreparedOperation,
} from './operation-documents.ts';
import type { SubgraphServices } from './services.ts';
import { openSubgraphRequest } from './subgraph-request.ts';

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
  /** Aborted when nobody waits for the answer any longer. A query then stops; a mutation that has begun runs to its end. */
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
}

export function createSubgraphHandler(subgraph: Subgraph, options: SubgraphHandlerOptions): SubgraphHandler {
  return new SchemaHandler(subgraph, options);
}

const neverAborted = new AbortController().signal;

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
    let requestId: string = randomUUID();
    try {
      const tenantContext = this.authenticate(signedContext) ?? this.#introspecting(operation, requestId);
      requestId = tenantContext.requestId;
      const prepared = this.#documents.prepare(operation.query, operation.operationName);
      return await this.#run(prepared, operation, tenantContext, signal);
    } catch (error) {
      if (signal.aborted && error === signal.reason) throw error;
      if (error instanceof OperationRefusedError) return { errors: error.errors };
      return { errors: toRefusal(error, { requestId, logger: this.#services.logger }) };
    }
  }

  /** The context of an operation that comes without one, and may do so because it asks for nothing but the schema. */
  #introspecting({ query, operationName }: SubgraphOperation, requestId: string): TenantContext {
    if (!isIntrospection(this.#documents.prepare(query, operationName))) return this.#contexts.verify(undefined);
    return { principal: null, tenantId: null, impersonated: false, requestId, origin: null };
  }

  async #run(
    prepared: PreparedOperation,
    { variables, operationName }: SubgraphOperation,
    tenantContext: TenantContext,
    callerSignal: AbortSignal,
  ): Promise<ExecutionResult> {
    const { document, definition } = prepared;
    const operation = `${this.name}:${definition.name?.value ?? definition.operation}`;
    const signal = definition.operation === OperationTypeNode.QUERY ? callerSignal : neverAborted;
    await using request = openSubgraphRequest({ tenantContext, operation, signal, pool: this.#services.pool });
    await this.#audit(tenantContext, prepared, operation);
    signal.throwIfAborted();
    const contextValue = this.#subgraph.createContext(request, this.#services);
    const { schema } = this.#subgraph;
    const running = execute({ schema, document, contextValue, variableValues: variables, operationName });
    // What still runs after an abort ends by itself, without its lease.
    const result = await abandonable(Promise.resolve(running), signal);
    if (!result.errors) return result;
    const logger = this.#services.logger.child({ requestId: request.requestId, tenantId: tenantContext.tenantId, operation });
    return { ...result, errors: toGraphQLErrors(result.errors, { requestId: request.requestId, logger }) };
  }

  /** An operator's request within a tenant is on record before anything is read for it, or is not answered. */
  async #audit(tenantContext: TenantContext, prepared: PreparedOperation, operation: string): Promise<void> {
    const { tenantId, impersonated, requestId, origin } = tenantContext;
    if (!impersonated) return;
    const { issuer, subject } = requirePrincipal(tenantContext);
    await this.#services.catalog.recordAudit({
      action: 'tenant.impersonate',
      issuer,
      subject,
      tenantId,
      requestId,
      origin,
      outcome: 'ALLOWED',
      detail: { operation, type: prepared.definition.operation, fields: rootFieldNames(prepared).join(', ') },
    });
  }
}
