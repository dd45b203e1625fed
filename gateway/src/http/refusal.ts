import { HeaderMap } from '@apollo/server';
import { faultMessage, type ErrorCode, type TenantryError } from '@tenantry/service';
import { GraphQLError } from 'graphql';

/** Statuses of a request that is refused as a whole, before any of it is executed. */
const statusByCode: Record<ErrorCode, number> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  TENANT_REQUIRED: 400,
  TENANT_NOT_FOUND: 404,
  TENANT_SUSPENDED: 403,
  TENANT_MIGRATING: 503,
  TENANT_WAKING: 503,
  TENANT_UNAVAILABLE: 503,
  TENANT_BUSY: 503,
  RATE_LIMITED: 429,
  OPERATION_TOO_COMPLEX: 400,
  BAD_USER_INPUT: 400,
  NOT_FOUND: 404,
  CONFLICT: 409,
  INTERNAL_SERVER_ERROR: 500,
};

/** What a bearer has to do better next time: values of `WWW-Authenticate` (RFC 6750 §3). */
export const challenges = {
  missingToken: 'Bearer',
  invalidToken: 'Bearer error="invalid_token"',
  insufficientScope: 'Bearer error="insufficient_scope"',
} as const;

/** Turns an error into one that refuses the whole request: Apollo Server answers with its status and challenge. */
export function toRefusal(error: TenantryError, challenge?: string): GraphQLError {
  const { message, code, retryAfterMs } = error;
  const extensions = { code, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  return new GraphQLError(message, { originalError: error, extensions: { ...extensions, http: httpHead(statusByCode[code], challenge) } });
}

/** Refuses the whole request for a fault of ours; one that passes by itself says after how many milliseconds. */
export function internalFault(requestId: string, retryAfterMs?: number): GraphQLError {
  const extensions = { code: 'INTERNAL_SERVER_ERROR', requestId, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  return new GraphQLError(faultMessage, { extensions: { ...extensions, http: httpHead(retryAfterMs === undefined ? 500 : 503) } });
}

/** Refuses an operation that there is no way to execute. */
export function cannotResolve(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'OPERATION_RESOLUTION_FAILURE', http: httpHead(400) } });
}

function httpHead(status: number, challenge?: string): { status: number; headers: HeaderMap } {
  return { status, headers: new HeaderMap(challenge ? [['www-authenticate', challenge]] : []) };
}
