import { faultMessage, type Logger } from '@tenantry/service';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { OperationResult } from '../execution/operation-result.ts';
import { wordless } from '../execution/plan/subgraph-errors.ts';
import type { GatewayContext } from './gateway-context.ts';

/** An error of a response, as it would go over the wire, and as it was raised. */
export interface ResponseError {
  readonly formatted: GraphQLFormattedError;
  readonly original: GraphQLError | undefined;
}

/** Codes that say no more than that something is wrong. The last is that of a subgraph's error without a code. */
const faultCodes: ReadonlySet<unknown> = new Set([undefined, 'INTERNAL_SERVER_ERROR', 'DOWNSTREAM_SERVICE_ERROR']);

/** Faults of one response that the log gets whole: a list can have one for each of its items. */
const loggedFaults = 10;

/** How graphql-js words it that a document has more tokens than its parser may read. */
const tooManyTokens = /Document contains more that (\d+) tokens/;

/** The errors of a result: those that subgraphs reported, or nulls where the schema forbids them. */
export function errorsOf({ errors = [], extensions }: Pick<OperationResult, 'errors' | 'extensions'>): ResponseError[] {
  const nulls = extensions?.valueCompletion.map(({ message, path }) => new GraphQLError(message, { path })) ?? [];
  return [...errors, ...nulls].map((original) => ({ original, formatted: original.toJSON() }));
}

/**
 * Decides what a client learns of errors. One with a code passes as it is, whichever subgraph it comes from. A fault without one
 * becomes `INTERNAL_SERVER_ERROR` with the request's id; {@link logFaults} brings it to the log whole.
 */
export function presentErrors(errors: readonly ResponseError[], requestId: string): GraphQLFormattedError[] {
  return errors.map((error) => present(withCode(error), requestId));
}

export function hasFault(errors: readonly ResponseError[]): boolean {
  return errors.some(isFault);
}

export interface FaultReport {
  readonly context: GatewayContext;
  readonly operationName: string | null | undefined;
  readonly logger: Logger;
}

/** What the log says of where a fault comes from. */
export interface FaultOrigin extends Omit<FaultReport, 'context'> {
  readonly context: Pick<GatewayContext, 'requestId' | 'signal'>;
}

export function logFaults(errors: readonly ResponseError[], { context: { requestId, signal }, operationName, logger }: FaultOrigin): void {
  // Whoever has gone away has often caused the fault by that.
  const level = signal.aborted ? 'debug' : 'error';
  const faults = errors.filter(isFault);
  for (const { original, formatted } of faults.slice(0, loggedFaults)) {
    const err = original?.originalError ?? original ?? formatted;
    logger[level]({ err, path: formatted.path, requestId, operationName }, 'a part of a request failed');
  }
  const others = faults.length - loggedFaults;
  if (others > 0) logger[level]({ others, requestId, operationName }, 'other parts of a request failed, too');
}

function isFault(error: ResponseError): boolean {
  return faultCodes.has(withCode(error).extensions?.['code']);
}

/** Apollo Server refuses a persisted query whose hash is another one's by a status alone, with no code. */
function withCode({ formatted, original }: ResponseError): GraphQLFormattedError {
  const { code, http }: { code?: unknown; http?: unknown } = original?.extensions ?? {};
  const isRefusedByStatus = code === undefined && typeof http === 'object' && http !== null && 'status' in http && http.status === 400;
  return isRefusedByStatus ? { ...formatted, extensions: { code: 'BAD_REQUEST' } } : formatted;
}

function present(error: GraphQLFormattedError, requestId: string): GraphQLFormattedError {
  // The names of our subgraphs are no business of a client, nor is their code: a server in development tells where it failed.
  const { serviceName, stacktrace: _, exception: __, ...extensions } = error.extensions ?? {};
  if (faultCodes.has(extensions['code'])) {
    const { retryAfterMs } = extensions;
    const code = 'INTERNAL_SERVER_ERROR';
    return { ...error, message: faultMessage, extensions: { code, requestId, ...(retryAfterMs !== undefined && { retryAfterMs }) } };
  }
  const limit = extensions['code'] === 'GRAPHQL_PARSE_FAILED' && tooManyTokens.exec(error.message)?.[1];
  if (!limit) return { ...error, message: withoutName(error.message, serviceName), extensions };
  const message = `The document has more than the ${limit} tokens that are allowed. Ask for less at once.`;
  return { message, extensions: { code: 'OPERATION_TOO_COMPLEX' } };
}

function withoutName(message: string, serviceName: unknown): string {
  return message === wordless(String(serviceName)) ? 'This part of the operation failed.' : message;
}
