import { StartError, TenantryError } from '@tenantry/service';
import type { GraphQLError } from 'graphql';

/** One reason why subgraphs do not compose. */
export interface CompositionProblem {
  /** `path/schema.graphql:line:column` of every definition at fault, the first one foremost; empty where none is to blame. */
  readonly places: readonly string[];
  /** A code of Apollo Federation, such as `FIELD_TYPE_MISMATCH`. */
  readonly code: string;
  readonly message: string;
}

/** Raised when subgraphs do not make a supergraph; names every problem at once, each with its place. */
export class CompositionError extends StartError {
  readonly problems: readonly CompositionProblem[];

  constructor(problems: readonly CompositionProblem[]) {
    super(`The subgraphs do not compose:\n${problems.map(describe).join('\n')}`);
    this.problems = problems;
  }
}

function describe({ places, code, message }: CompositionProblem): string {
  const [place, ...others] = places;
  const lines = [`${place ? `${place}: ` : ''}[${code}] ${message}`, ...others.map((other) => `see also ${other}`)];
  return lines.join('\n').replaceAll(/^(?=.)/gm, '  ');
}

/** Raised when an operation is larger than the gateway's limits allow. */
export class OperationTooComplexError extends TenantryError {
  readonly code = 'OPERATION_TOO_COMPLEX';
}

/** Raised when a subgraph gives no usable answer: it is down, slow, or says what is not GraphQL. Its message is for the log only. */
export class SubgraphFetchError extends Error {
  override readonly name: string = 'SubgraphFetchError';
}

/** Raised when what answers in a subgraph's place is not GraphQL: a proxy, or another program. */
export class NotGraphQLError extends SubgraphFetchError {
  override readonly name = 'NotGraphQLError';
  /** Of the HTTP answer. */
  readonly status: number;

  constructor(status: number, start: string) {
    super(`The answer, of status ${status}, is not a GraphQL response. It starts with: ${start}`);
    this.status = status;
  }
}

/** Raised when a subgraph answers with more than is taken from it. */
export class AnswerTooLargeError extends SubgraphFetchError {
  override readonly name = 'AnswerTooLargeError';

  constructor(maxBytes: number, options?: ErrorOptions) {
    super(`The answer has more than the ${maxBytes} bytes that are taken at most.`, options);
  }
}

/** Raised instead of asking a subgraph that has been failing the tenant, or everybody, until it is tried again. */
export class SubgraphUnavailableError extends TenantryError {
  readonly code = 'TENANT_UNAVAILABLE';

  /** @param retryAfterMs milliseconds until it is tried again */
  constructor(retryAfterMs: number) {
    super(`A part of the service does not answer at present. Try again in ${retryAfterMs} ms.`, { retryAfterMs });
  }
}

/** Raised when more operations wait to be planned than ever could be soon. */
export class PlannerBusyError extends TenantryError {
  readonly code = 'RATE_LIMITED';

  constructor() {
    super('Too many different operations wait to be planned. Try again in a second.', { retryAfterMs: 1000 });
  }
}

/** Raised when an operation is not planned within its time, or its memory. */
export class PlanningOverrunError extends Error {
  override readonly name = 'PlanningOverrunError';
  readonly resource: 'time' | 'memory';

  constructor(resource: 'time' | 'memory', most: string, options?: ErrorOptions) {
    super(`Planning took more than ${most}.`, options);
    this.resource = resource;
  }
}

/** Raised when an operation is not planned because nobody waits for its plan any longer. */
export class PlanningAbandonedError extends Error {
  override readonly name = 'PlanningAbandonedError';
}

/** Raised when the planner fails for a reason that is not the operation's size. Its message is for the log only. */
export class PlanningError extends Error {
  override readonly name = 'PlanningError';
}

/** Raised when there is no supergraph to be read, or none that can be served. */
export class SupergraphError extends StartError {
  /** @param origin the file or URL that it comes from */
  constructor(origin: string, problem: string, options?: ErrorOptions) {
    super(`The supergraph of ${origin} ${problem}`, options);
  }
}

/** Raised when a client has as many operations under way as it may. */
export class TooManyOperationsError extends TenantryError {
  readonly code = 'RATE_LIMITED';

  /** @param whose by what they are counted: "this connection" */
  constructor(whose: string, most: number) {
    super(`There are ${most} operations under way for ${whose}, as many as there may be. Complete one of them first.`);
  }
}

/** Raised when as many WebSockets are open as there may be, in all or for somebody. */
export class TooManyConnectionsError extends TenantryError {
  readonly code = 'RATE_LIMITED';
}

/** Raised when what a client sent over a connection that stays open is no operation that could be executed. */
export class OperationRefusedError extends Error {
  override readonly name = 'OperationRefusedError';
  readonly errors: readonly GraphQLError[];

  constructor(errors: readonly GraphQLError[]) {
    super(errors.map(({ message }) => message).join(' '));
    this.errors = errors;
  }
}

/**
 * Raised when a subscription ends for no reason of its own: the server stops, or moves on to another supergraph. Clients are cut off
 * without a word about the operation, so that they subscribe again by themselves.
 */
export class SubscribeAgainError extends Error {
  override readonly name = 'SubscribeAgainError';
}
