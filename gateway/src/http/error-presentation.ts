import type { ApolloServerPlugin } from '@apollo/server';
import { faultMessage, type Logger } from '@tenantry/service';
import { GraphQLError, type FormattedExecutionResult, type GraphQLFormattedError } from 'graphql';
import type { GatewayContext } from './gateway-context.ts';
import type { Outcome } from './request-record.ts';

/** Codes that say no more than that something is wrong. The last is that of a subgraph's error without a code. */
const faultCodes: ReadonlySet<unknown> = new Set([undefined, 'INTERNAL_SERVER_ERROR', 'DOWNSTREAM_SERVICE_ERROR']);

/** How graphql-js words it that a document has more tokens than its parser may read. */
const tooManyTokens = /Document contains more that (\d+) tokens/;

/**
 * Decides what a client learns of errors. One with a code passes as it is, whichever subgraph it comes from. A fault without one
 * reaches the log whole, and the client as `INTERNAL_SERVER_ERROR` with the request's id.
 */
export function errorPresentation(logger: Logger): ApolloServerPlugin<GatewayContext> {
  return {
    requestDidStart: async () => ({
      async willSendResponse({ response: { body, http }, errors = [], contextValue, operationName }) {
        if (body.kind !== 'single') return;
        const { singleResult: result } = body;
        const nulls = takeForbiddenNulls(result);
        const known = (result.errors ?? []).map((error, index) => (isRefusedByStatus(errors[index]) ? toBadRequest(error) : error));
        const shown = [...known, ...nulls.map((error) => error.toJSON())];
        const faults = [...errors, ...nulls].filter((_error, index) => isFault(shown[index]));
        const { requestId, record, signal } = contextValue;
        const level = signal.aborted ? 'debug' : 'error';
        for (const fault of faults) logger[level]({ err: fault, requestId, operationName }, 'a part of a request failed');
        if (shown.length > 0) result.errors = shown.map((error) => present(error, requestId));
        record.outcome = outcomeOf(result, faults.length > 0);
        if (faults.length > 0 && result.data === undefined) http.status = 500;
      },
    }),
  };
}

/** `@apollo/gateway` reports a null where the schema forbids one beside the errors; by the specification it is one of them. */
function takeForbiddenNulls(result: FormattedExecutionResult): GraphQLError[] {
  if (!result.extensions) return [];
  const { valueCompletion, ...extensions } = result.extensions;
  if (Object.keys(extensions).length > 0) result.extensions = extensions;
  else delete result.extensions;
  const nulls = Array.isArray(valueCompletion) ? valueCompletion.filter((error) => error instanceof GraphQLError) : [];
  return nulls.map(({ message, path }) => new GraphQLError(message, { path }));
}

/** Apollo Server refuses a persisted query whose hash is another one's by a status alone, with no code. */
function isRefusedByStatus(error: GraphQLError | undefined): boolean {
  const { code, http }: { code?: unknown; http?: unknown } = error?.extensions ?? {};
  return code === undefined && typeof http === 'object' && http !== null && 'status' in http && http.status === 400;
}

function toBadRequest(error: GraphQLFormattedError): GraphQLFormattedError {
  return { ...error, extensions: { code: 'BAD_REQUEST' } };
}

function isFault(error: GraphQLFormattedError | undefined): boolean {
  return faultCodes.has(error?.extensions?.['code']);
}

function present(error: GraphQLFormattedError, requestId: string): GraphQLFormattedError {
  // The names of our subgraphs are no business of a client.
  const { serviceName: _, ...extensions } = error.extensions ?? {};
  if (isFault(error)) {
    const { retryAfterMs } = extensions;
    const code = 'INTERNAL_SERVER_ERROR';
    return { ...error, message: faultMessage, extensions: { code, requestId, ...(retryAfterMs !== undefined && { retryAfterMs }) } };
  }
  const limit = extensions['code'] === 'GRAPHQL_PARSE_FAILED' && tooManyTokens.exec(error.message)?.[1];
  if (!limit) return { ...error, extensions };
  const message = `The document has more than the ${limit} tokens that are allowed. Ask for less at once.`;
  return { message, extensions: { code: 'OPERATION_TOO_COMPLEX' } };
}

function outcomeOf({ data, errors = [] }: FormattedExecutionResult, hasFault: boolean): Outcome {
  if (errors.length === 0) return 'ok';
  if (hasFault) return 'failed';
  if (data !== undefined) return 'partial';
  // What is no GraphQL request at all: no query, or a mutation by GET.
  return errors.some(({ extensions }) => extensions?.['code'] === 'BAD_REQUEST') ? 'invalid' : 'refused';
}
