import { AnswerTooLargeError, NotGraphQLError } from '../../errors.ts';

/** Codes of Node, undici and HTTP/2 for a connection that was not made, or was lost before the answer. */
const connectionCodes: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_HTTP2_GOAWAY_SESSION',
  'ERR_HTTP2_SESSION_ERROR',
  'ERR_HTTP2_STREAM_CANCEL',
  'ERR_HTTP2_STREAM_ERROR',
]);

/** What a proxy says of a subgraph that it does not reach: 502, 503, 504. */
const proxyStatuses: ReadonlySet<number> = new Set([502, 503, 504]);

/** Whether no answer came, so that a query may be asked again with better luck. */
export function isTransient(error: unknown): boolean {
  if (error instanceof NotGraphQLError) return proxyStatuses.has(error.status);
  return error instanceof Error && 'code' in error && connectionCodes.has(error.code);
}

/** Whether the fault may be the operation's own: it says nothing of how the subgraph is. */
export function isOfTheOperation(error: unknown): boolean {
  if (error instanceof NotGraphQLError) return error.status >= 400 && error.status < 500;
  return error instanceof AnswerTooLargeError;
}
