import type { ExecutionResult, FormattedExecutionResult } from 'graphql';

/** One operation, as GraphQL over HTTP has it. */
export interface SubgraphOperation {
  query: string;
  operationName?: string | undefined;
  variables?: Record<string, unknown> | undefined;
}

/**
 * The way to one subgraph, for one attempt: a handler in the same process, or {@link createHttpTransport}. Whoever makes one
 * disposes of it, after the gateway.
 */
export interface SubgraphTransport {
  /** Milliseconds that the subgraph is given for an answer, all attempts together. Default 10000. */
  readonly timeoutMs?: number;
  /**
   * @param signedContext the signed tenant context; a subgraph answers nothing without it
   * @returns whatever the subgraph answers, its errors included
   * @throws when there is no answer: the subgraph is down or slow, or says what is not GraphQL
   */
  execute(operation: SubgraphOperation, signedContext: string, options?: { signal?: AbortSignal }): Promise<SubgraphResult>;
  /**
   * The answers to a subscription, until it is complete. Default: the subgraph has none.
   *
   * @param options.signal ends it, with the signal's reason; so does `return()` of the iterator, without an error
   * @throws when the connection is lost, or says what is not GraphQL; it is not taken up again
   */
  subscribe?(operation: SubgraphOperation, signedContext: string, options?: { signal?: AbortSignal }): AsyncIterable<SubgraphResult>;
  /** Rejects, with the reason, while the subgraph cannot serve. Default: it always can. */
  checkReadiness?(): Promise<void>;
}

/** Errors are as they are on the wire, or `GraphQLError`s of a subgraph in this process. */
export type SubgraphResult = FormattedExecutionResult | ExecutionResult;
