import type { IncomingHttpHeaders } from 'node:http';
import { BadInputError, UnauthenticatedError } from '@tenantry/service';

/** What a client says of itself, none of it checked. */
export interface Credentials {
  /** `Bearer <token>`. */
  readonly authorization: string | undefined;
  /** The tenant that a platform operator asks for. */
  readonly tenantId: string | null;
}

const authorizationName = 'authorization';
const tenantName = 'x-tenant-id';

export function credentialsOfRequest(headers: IncomingHttpHeaders): Credentials {
  const tenantId = headers[tenantName];
  return { authorization: headers.authorization, tenantId: (Array.isArray(tenantId) ? tenantId.join(',') : tenantId) ?? null };
}

/**
 * What comes with `connection_init`, as a page cannot set the headers of a WebSocket: the headers' names in any case, at its top or
 * under `headers`, whichever a client library has it. What is missing there is taken from the headers of the connection.
 *
 * @throws {UnauthenticatedError} {BadInputError} when one is there and is no text
 */
export function credentialsOfConnection(parameters: Readonly<Record<string, unknown>> = {}, headers: IncomingHttpHeaders): Credentials {
  const ofRequest = credentialsOfRequest(headers);
  const nested = valueOf(parameters, 'headers');
  const values = { ...lowerCased(isRecord(nested) ? nested : {}), ...lowerCased(parameters) };
  const { [authorizationName]: authorization = ofRequest.authorization, [tenantName]: tenantId = ofRequest.tenantId } = values;
  if (authorization !== undefined && typeof authorization !== 'string') {
    throw new UnauthenticatedError('The connection parameter authorization must be "Bearer <token>".');
  }
  if (tenantId !== null && typeof tenantId !== 'string') {
    throw new BadInputError("The connection parameter x-tenant-id must be a tenant's id (a UUID).");
  }
  return { authorization, tenantId };
}

/** Null says as much as nothing: libraries send it for what is not set. */
function lowerCased(parameters: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const given = Object.entries(parameters).filter(([, value]) => value !== null);
  return Object.fromEntries(given.map(([name, value]) => [name.toLowerCase(), value]));
}

function valueOf(parameters: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(parameters, name) ? parameters[name] : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
