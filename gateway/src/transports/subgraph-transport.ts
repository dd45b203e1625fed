import type { ExecutionResult, FormattedExecutionResult } from 'graphql';

/** One operation, as GraphQL over HTTP has it. */
export interface SubgraphOperation {
  query: string;
  operationName?: string | undefined;
  variables?: Record<string, unknown> | undefined;
}

/**
 * The way to one subgraph: a handler in the same process, or {@link createHttpTransport}. Whoever makes one disposes of it, after
 * the gateway.
 */
export interface SubgraphTransport {
  /**
   * @param signedContext the signed tenant context; a subgraph answers nothing without it
   * @returns whatever the subgraph answers, its errors included
   * @throws when there is no answer: the subgraph is down or slow, or says what is not GraphQL
   */
  execute(operation: SubgraphOperation, signedContext: string, options?: { signal?: AbortSignal }): Promise<SubgraphResult>;
  /** Rejects, with the reason, while the subgraph cannot serve. Default: it always can. */
  checkReadiness?(): Promise<void>;
}

/** Errors are as they are on the wire, or `GraphQLError`s of a subgraph in this process. */
export type SubgraphResult = FormattedExecutionResult | ExecutionResult;
