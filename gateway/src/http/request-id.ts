import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export const requestIdHeader = 'x-request-id';

/** What goes into logs and back into headers is kept to characters that mean nothing to either. */
const acceptable = /^[\w.:+=/-]{1,128}$/;

/** The client's own id for a request where it is fit to be one, else a fresh one. */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  const given = headers[requestIdHeader];
  return typeof given === 'string' && acceptable.test(given) ? given : randomUUID();
}
