/** Every `extensions.code` that Tenantry itself puts on the wire. */
export type ErrorCode =
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'TENANT_REQUIRED'
  | 'TENANT_NOT_FOUND'
  | 'TENANT_SUSPENDED'
  | 'TENANT_MIGRATING'
  | 'TENANT_WAKING'
  | 'TENANT_UNAVAILABLE'
  | 'TENANT_BUSY'
  | 'RATE_LIMITED'
  | 'OPERATION_TOO_COMPLEX'
  | 'BAD_USER_INPUT'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'INTERNAL_SERVER_ERROR';

export interface TenantryErrorOptions extends ErrorOptions {
  /** Milliseconds after which the same request may succeed. */
  retryAfterMs?: number;
}

/** An error whose message may be shown to the caller. Anything else that is thrown reaches the log only. */
export abstract class TenantryError extends Error {
  abstract readonly code: ErrorCode;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: TenantryErrorOptions = {}) {
    super(message, options);
    this.name = new.target.name;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Raised when a request carries no token, or one that does not verify. */
export class UnauthenticatedError extends TenantryError {
  readonly code = 'UNAUTHENTICATED';
}

/** Raised when the principal is known and may not do this. */
export class ForbiddenError extends TenantryError {
  readonly code = 'FORBIDDEN';
}

/** Raised when an argument is malformed: the same request will never succeed. */
export class BadInputError extends TenantryError {
  readonly code = 'BAD_USER_INPUT';
}

/** Raised when the thing that a caller named does not exist, or is not theirs to see. */
export class NotFoundError extends TenantryError {
  readonly code = 'NOT_FOUND';
}

/** Raised when the request contradicts what is already there. */
export class ConflictError extends TenantryError {
  readonly code = 'CONFLICT';
}
