import type { ExecutionResult, FormattedExecutionResult } from 'graphql';
import type { ScannedAnswer } from './scanned-answer.ts';

/** One operation, as GraphQL over HTTP has it. */
export interface SubgraphOperation {
  query: string;
  operationName?: string | undefined;
  variables?: Record<string, unknown> | undefined;
  /** The variable of this name, where it is at hand as JSON; then it is not among the others. */
  representations?: string | undefined;
  /**
   * Takes an answer in without parsing it, where a transport has its bytes; null for one that has to be parsed. Operations share an answer
   * only if they have this in common.
   */
  scan?: ((bytes: Buffer) => ScannedAnswer | null) | undefined;
}

/** What goes with an operation beside what is signed. */
export interface CallOptions {
  /** What the request is called in the subgraph's logs, audit entries and errors. Default: the subgraph makes an id. */
  readonly requestId?: string;
  /** Aborted when nobody waits for the answer any longer, or its time is over. Default: after {@link SubgraphTransport.timeoutMs}. */
  readonly signal?: AbortSignal;
}

/**
 * The way to one subgraph, for one attempt: a handler in the same process, or {@link createHttpTransport}. Whoever makes one
 * disposes of it, after the gateway.
 */
export interface SubgraphTransport {
  /** Milliseconds that the subgraph is given for an answer, all attempts together. Default 10000. */
  readonly timeoutMs?: number;
  /** Whether answers come as bytes, so that the `scan` of an operation is made use of. Default false. */
  readonly hasBytes?: boolean;
  /**
   * @param signedContext the signed tenant context; a subgraph answers nothing without it
   * @returns whatever the subgraph answers, its errors included
   * @throws when there is no answer: the subgraph is down or slow, or says what is not GraphQL
   */
  execute(operation: SubgraphOperation, signedContext: string, options?: CallOptions): Promise<SubgraphAnswer>;
  /**
   * The answers to a subscription, until it is complete. Default: the subgraph has none.
   *
   * @param options.signal ends it, with the signal's reason; so does `return()` of the iterator, without an error
   * @throws when the connection is lost, or says what is not GraphQL; it is not taken up again
   */
  subscribe?(operation: SubgraphOperation, signedContext: string, options?: CallOptions): AsyncIterable<SubgraphResult>;
  /** Rejects, with the reason, while the subgraph cannot serve. Default: it always can. */
  checkReadiness?(): Promise<void>;
}

/** Errors are as they are on the wire, or `GraphQLError`s of a subgraph in this process. */
export type SubgraphResult = FormattedExecutionResult | ExecutionResult;

export type SubgraphAnswer = SubgraphResult | ScannedAnswer;
