import type { ServerOptions } from 'node:http';

const defaultRequestTimeoutMs = 30_000;

/** Milliseconds between two looks at how long requests have been under way; Node's own half a minute would double the deadline. */
const checkingIntervalMs = 1_000;

/**
 * Options of a Fastify server that cuts a request which has not arrived in full, its body included, in time: a client that sends a
 * byte now and then holds no connection.
 *
 * @param timeoutMs milliseconds from a request's first byte to its last. Default 30000.
 */
export function requestDeadline(timeoutMs: number = defaultRequestTimeoutMs): { requestTimeout: number; http: ServerOptions } {
  const connectionsCheckingInterval = Math.min(checkingIntervalMs, timeoutMs);
  // Node gives a request the longer of the two times: its own minute for the headers would become that of the whole request.
  return { requestTimeout: timeoutMs, http: { headersTimeout: timeoutMs, connectionsCheckingInterval } };
}
