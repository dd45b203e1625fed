import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** The header that carries a request's id: from the client, to a subgraph and back to the client. */
export const requestIdHeader = 'x-request-id';

/** What goes into logs and back into headers is kept to characters that mean nothing to either. */
const acceptable = /^[\w.:+=/-]{1,128}$/;

/**
 * The id that a request was given where it is fit to be one, else a fresh one. Nobody vouches for it: it finds a request in logs, audit
 * entries and errors, and decides nothing.
 */
export function fitRequestId(given: unknown): string {
  return typeof given === 'string' && acceptable.test(given) ? given : randomUUID();
}

/** The request's id as its headers tell it, see {@link fitRequestId}. */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  return fitRequestId(headers[requestIdHeader]);
}
