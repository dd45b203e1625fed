import type { TenantContext } from '@tenantry/auth';
import { abandonable } from '@tenantry/service';
import { createSourceEventStream, type ExecutionArgs, type ExecutionResult } from 'graphql';
import type { Subgraph } from '../define-subgraph.ts';
import { toGraphQLErrors } from '../errors-to-graphql.ts';
import { OperationRefusedError, type PreparedOperation } from '../operation-documents.ts';
import type { SubgraphServices } from '../services.ts';
import { openSubgraphRequest, type SubgraphRequest } from '../subgraph-request.ts';

/** Where results come from, one after the other. Disposed of when there is no more need of them. */
export interface ResultSource extends Disposable {
  /** @returns null at the end */
  next(): Promise<ExecutionResult | null>;
}

export interface SubscriptionOptions {
  subgraph: Subgraph;
  services: SubgraphServices;
  tenantContext: TenantContext;
  requestId: string;
  prepared: PreparedOperation;
  variables: Record<string, unknown> | undefined;
  /** Name of the operation, for logs and metrics. */
  operation: string;
  /** Aborted when the subscription ends. */
  signal: AbortSignal;
}

/** A subscription that was let in. Each of its events is answered by a request of its own, and none holds a lease in between. */
export class Subscription implements ResultSource {
  readonly #options: SubscriptionOptions;
  readonly #events: AsyncIterator<unknown>;

  private constructor(options: SubscriptionOptions, events: AsyncIterator<unknown>) {
    this.#options = options;
    this.#events = events;
  }

  /** Has the subgraph begun to tell of events. @throws {OperationRefusedError} with what its resolver threw */
  static async open(options: SubscriptionOptions): Promise<Subscription> {
    await using request = requestOf(options);
    const stream = await createSourceEventStream(sourceOf(request, options));
    if (Symbol.asyncIterator in stream) return new Subscription(options, stream[Symbol.asyncIterator]());
    throw new OperationRefusedError(presented(stream, options).errors ?? []);
  }

  /** @returns the answer to the next event; null when there is none to come @throws the signal's reason, once it is aborted */
  async next(): Promise<ExecutionResult | null> {
    const { signal } = this.#options;
    const event = await abandonable(this.#events.next(), signal);
    return event.done ? null : await this.#answer(event.value);
  }

  /** Lets go of the events. One that is being waited for is not. */
  [Symbol.dispose](): void {
    const { logger } = this.#options.services;
    const closing = async () => await this.#events.return?.();
    closing().catch((err: unknown) =>
      logger.debug({ err, operation: this.#options.operation }, 'the events of a subscription ended badly'),
    );
  }

  async #answer(event: unknown): Promise<ExecutionResult> {
    const { subgraph, services, prepared, variables, signal } = this.#options;
    await using request = requestOf(this.#options);
    const context = subgraph.createContext(request, services);
    const running = prepared.compiled.execute({ context, variables, root: event });
    // What still runs after an abort ends by itself, without its lease.
    return presented(await abandonable(Promise.resolve(running), signal), this.#options);
  }
}

/** Of an operation that is no subscription. */
export function singleResult(take: () => Promise<ExecutionResult>): ResultSource {
  let isTaken = false;
  return {
    next: async () => {
      if (isTaken) return null;
      isTaken = true;
      return await take();
    },
    [Symbol.dispose]: () => {},
  };
}

function requestOf({ tenantContext, requestId, operation, signal, services }: SubscriptionOptions): SubgraphRequest & AsyncDisposable {
  const { pool, members } = services;
  return openSubgraphRequest({ tenantContext, requestId, operation, signal, pool, members });
}

/** What graphql-js wants for asking a subgraph for its events. */
function sourceOf(request: SubgraphRequest, { subgraph, services, prepared, variables }: SubscriptionOptions): ExecutionArgs {
  const { document, definition } = prepared;
  const contextValue = subgraph.createContext(request, services);
  return {
    schema: subgraph.schema,
    document,
    contextValue,
    variableValues: variables ?? null,
    operationName: definition.name?.value ?? null,
  };
}

function presented(result: ExecutionResult, { services, tenantContext, requestId, operation }: SubscriptionOptions): ExecutionResult {
  if (!result.errors) return result;
  const logger = services.logger.child({ requestId, tenantId: tenantContext.tenantId, operation });
  return { ...result, errors: toGraphQLErrors(result.errors, { requestId, logger }) };
}
