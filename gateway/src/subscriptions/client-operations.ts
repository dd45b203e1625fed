import { OperationTypeNode } from 'graphql';
import { TooManyOperationsError } from '../errors.ts';
import type { OperationResult } from '../execution/operation-result.ts';
import { clientKey } from '../http/client-key.ts';
import type { GatewayContext } from '../http/gateway-context.ts';
import type { AcceptedOperation, RequestRecord } from '../http/request-record.ts';
import type { Identity } from './identity.ts';
import { Places } from './limits.ts';
import type { OperationPayload, OperationReader } from './operation-reader.ts';
import { RunningOperation } from './running-operation.ts';
import type { SubscriptionMetrics, SubscriptionTransport } from './subscription-metrics.ts';

type Variables = Readonly<Record<string, unknown>>;

/** Plans and executes operations, each over the supergraph that it was validated against. */
export interface SubscriptionExecution {
  /** Of a query or a mutation. */
  execute(operation: AcceptedOperation, variables: Variables, context: GatewayContext): Promise<OperationResult>;
  /**
   * Of a subscription, until the context's signal aborts or the iterator is returned.
   *
   * @throws what the events end with; a {@link SubscribeAgainError} has clients subscribe again by themselves
   */
  subscribe(operation: AcceptedOperation, variables: Variables, context: GatewayContext): AsyncIterable<OperationResult>;
}

export interface ClientOperationsOptions {
  readonly reader: OperationReader;
  readonly execution: SubscriptionExecution;
  readonly metrics: SubscriptionMetrics;
  /** Operations of one client, at most. */
  readonly perClient: number;
}

/** Who sends an operation, and how. */
export interface OperationSender {
  readonly identity: Identity;
  readonly requestId: string;
  readonly transport: SubscriptionTransport;
  /** Aborted, with the reason, when the operation has to end. */
  readonly until: AbortSignal;
  /** What is noted of the operation. */
  readonly record: RequestRecord;
  readonly onEnd?: () => void;
}

export interface StartedOperation {
  readonly accepted: AcceptedOperation;
  readonly running: RunningOperation;
}

/** Starts the operations of all clients, over either transport, by the same rules. */
export class ClientOperations {
  readonly #options: ClientOperationsOptions;
  readonly #places: Places<string>;

  constructor(options: ClientOperationsOptions) {
    this.#options = options;
    this.#places = new Places(options.perClient, (most) => new TooManyOperationsError('this client', most));
  }

  /**
   * @throws {OperationRefusedError} when it is no valid operation
   * @throws {TenantryError} when it may not be executed
   */
  start(payload: OperationPayload, { identity, requestId, transport, until, record, onEnd }: OperationSender): StartedOperation {
    const { reader, execution, metrics } = this.#options;
    identity.ended.throwIfAborted();
    const { tenantContext } = identity;
    const accepted = reader.read(payload, tenantContext.principal);
    const kind = accepted.operation.operation.operation;
    record.operation = kind;
    record.accepted = accepted;
    const ending = new AbortController();
    const context: GatewayContext = { requestId, tenantContext, signal: ending.signal, record };
    const isSubscription = kind === OperationTypeNode.SUBSCRIPTION;
    const variables = payload.variables ?? {};
    using place = new DisposableStack();
    place.use(this.#places.take(clientKey(context.tenantContext)));
    const results = isSubscription
      ? execution.subscribe(accepted, variables, context)
      : single(async () => await execution.execute(accepted, variables, context));
    const held = place.move();
    const unlink = linkAbort(until, ending);
    if (isSubscription) metrics.began(transport);
    const running = new RunningOperation({
      results,
      ending,
      onResult: () => isSubscription && metrics.gaveResult(transport),
      onEnd: (how) => {
        unlink();
        held.dispose();
        onEnd?.();
        if (isSubscription) metrics.ended(transport, how);
      },
    });
    return { accepted, running };
  }
}

async function* single<Result>(run: () => Promise<Result>): AsyncGenerator<Result, undefined, undefined> {
  yield await run();
}

/** @returns what takes the link away, so that a signal that outlasts many operations does not hold them */
function linkAbort(signal: AbortSignal, controller: AbortController): () => void {
  const onAbort = () => controller.abort(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return () => signal.removeEventListener('abort', onAbort);
}
