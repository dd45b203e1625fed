import type { ContextSigner } from '@tenantry/auth';
import { OperationTypeNode } from 'graphql';
import { SubgraphFetchError, SubgraphUnavailableError } from '../errors.ts';
import type { GatewayContext } from '../http/gateway-context.ts';
import type { HopMetrics, HopOutcome } from './hop-metrics.ts';
import { copyJson } from './resilience/copy-json.ts';
import { isOfTheOperation } from './resilience/failures.ts';
import { RetryBudget } from './resilience/retry-budget.ts';
import { retrying, type RetryOptions } from './resilience/retrying.ts';
import { SharedCall, type CallEnd } from './resilience/shared-call.ts';
import type { SharedQueries } from './resilience/shared-queries.ts';
import { SubgraphBreaker, type SubgraphBreakerOptions } from './resilience/subgraph-breaker.ts';
import { rewordedErrors } from './reworded-errors.ts';
import { isScanned, shareAnswer } from './scanned-answer.ts';
import type { SubgraphAnswer, SubgraphOperation, SubgraphResult, SubgraphTransport } from './subgraph-transport.ts';

export interface SubgraphClientOptions {
  /** The subgraph's name, which is also the audience of the contexts signed for it. */
  name: string;
  transport: SubgraphTransport;
  signer: ContextSigner;
  metrics: HopMetrics;
  /** One for all subgraphs of a gateway. Null: every query is sent. */
  sharedQueries: SharedQueries | null;
  breaker?: SubgraphBreakerOptions;
}

/** Who asks, and whether they still wait. */
export type SubgraphCaller = Pick<GatewayContext, 'tenantContext' | 'requestId' | 'signal'>;

/**
 * Asks one subgraph, over either transport: sends the operation, the signed tenant context and the request's id, and nothing else that came
 * with the client's request.
 */
export interface SubgraphClient {
  /**
   * A query is sent again where no answer came and time is left; a mutation never is.
   *
   * @param operation must not be changed before there is an answer
   * @returns an answer that is the caller's own to change
   * @throws {SubgraphFetchError} when there is no answer
   * @throws {SubgraphUnavailableError} at once, while the subgraph is known not to answer
   */
  fetch(operation: SubgraphOperation, kind: OperationTypeNode, caller: SubgraphCaller): Promise<SubgraphAnswer>;
  /**
   * The answers to a subscription: until it is complete, the caller's signal is aborted, or the iterator is returned.
   *
   * @throws {SubgraphFetchError} when it is lost; it is not taken up again
   * @throws {SubgraphUnavailableError}
   */
  subscribe(operation: SubgraphOperation, caller: SubgraphCaller): AsyncIterable<SubgraphResult>;
  /** Whether the `scan` of an operation is made use of. */
  readonly hasBytes: boolean;
}

type Call = SharedCall<SubgraphAnswer>;

const defaultTimeoutMs = 10_000;

export function createSubgraphClient(options: SubgraphClientOptions): SubgraphClient {
  return new ResilientClient(options);
}

class ResilientClient implements SubgraphClient {
  readonly #options: SubgraphClientOptions;
  readonly #timeoutMs: number;
  readonly #breaker: SubgraphBreaker;
  readonly #retries: RetryOptions;

  get hasBytes(): boolean {
    return this.#options.transport.hasBytes ?? false;
  }

  constructor(options: SubgraphClientOptions) {
    const { name, transport, metrics, breaker } = options;
    this.#options = options;
    this.#timeoutMs = transport.timeoutMs ?? defaultTimeoutMs;
    this.#retries = { budget: new RetryBudget(), onRetry: () => metrics.retries.inc({ subgraph: name }), random: Math.random };
    this.#breaker = new SubgraphBreaker((scope, phase) => metrics.breakerChanged(name, scope, phase), breaker);
  }

  async fetch(operation: SubgraphOperation, kind: OperationTypeNode, caller: SubgraphCaller): Promise<SubgraphAnswer> {
    try {
      caller.signal.throwIfAborted();
      return await this.#call(operation, kind, caller).wait(caller.signal);
    } catch (error) {
      throw this.#noAnswer(error);
    }
  }

  subscribe(operation: SubgraphOperation, { tenantContext, requestId, signal }: SubgraphCaller): AsyncIterable<SubgraphResult> {
    const { name, transport, signer } = this.#options;
    if (!transport.subscribe) throw new SubgraphFetchError(`The subgraph ${name} has no subscriptions.`);
    this.#breaker.check(tenantContext.tenantId);
    const answers = transport.subscribe(operation, signer.sign(tenantContext, name), { requestId, signal });
    return rewordedErrors(answers, (error) => this.#noAnswer(error));
  }

  /** A call that is made now, or one under way whose answer may be shared. */
  #call(operation: SubgraphOperation, kind: OperationTypeNode, caller: SubgraphCaller): Call {
    const { name: subgraph, sharedQueries, metrics } = this.#options;
    const { tenantContext } = caller;
    if (!sharedQueries) return this.#start(operation, kind, caller, () => {});
    if (kind !== OperationTypeNode.QUERY) return this.#start(operation, kind, caller, () => sharedQueries.forget(tenantContext));
    const query = { subgraph, operation, tenantContext };
    const running = sharedQueries.find(query);
    if (running) {
      metrics.deduplicated.inc({ subgraph });
      return running;
    }
    const call: Call = this.#start(operation, kind, caller, () => sharedQueries.remove({ tenantContext, call }));
    sharedQueries.add({ ...query, call });
    return call;
  }

  #start(operation: SubgraphOperation, kind: OperationTypeNode, { tenantContext, requestId }: SubgraphCaller, onEnd: () => void): Call {
    const { name, transport, signer } = this.#options;
    const { tenantId } = tenantContext;
    const ticket = this.#admit(tenantId);
    const startedAt = performance.now();
    const attempt = async (signal: AbortSignal) =>
      await transport.execute(operation, signer.sign(tenantContext, name), { requestId, signal });
    const start = (signal: AbortSignal) => retrying(attempt, signal, this.#retries);
    return new SharedCall(kind === OperationTypeNode.QUERY ? start : attempt, {
      timeoutMs: this.#timeoutMs,
      copy: (answer) => (isScanned(answer) ? shareAnswer(answer) : copyJson(answer)),
      onEnd: (end) => {
        onEnd();
        this.#ended(end, tenantId, ticket, performance.now() - startedAt);
      },
    });
  }

  #admit(tenantId: string | null): number {
    try {
      return this.#breaker.admit(tenantId);
    } catch (error) {
      this.#options.metrics.ended(this.#options.name, 'refused', 0);
      throw error;
    }
  }

  #ended(end: CallEnd<SubgraphAnswer>, tenantId: string | null, ticket: number, milliseconds: number): void {
    this.#options.metrics.ended(this.#options.name, outcomeOf(end), milliseconds);
    if (end.kind === 'abandoned') return this.#breaker.abandoned(tenantId, ticket);
    if (end.kind !== 'answered' && !isOfTheOperation(end.error)) return this.#breaker.failed(tenantId, ticket);
    this.#breaker.succeeded(tenantId, ticket);
    this.#retries.budget.earn();
  }

  #noAnswer(cause: unknown): Error {
    if (cause instanceof SubgraphUnavailableError) return cause;
    return new SubgraphFetchError(`The subgraph ${this.#options.name} gave no answer.`, { cause });
  }
}

function outcomeOf(end: CallEnd<SubgraphAnswer>): HopOutcome {
  switch (end.kind) {
    case 'answered':
      return 'errors' in end.result && end.result.errors ? 'errors' : 'ok';
    case 'failed':
      return 'failed';
    case 'timed-out':
      return 'timeout';
    case 'abandoned':
      return 'cancelled';
    default:
      return end satisfies never;
  }
}
