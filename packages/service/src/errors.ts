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

/** What a caller learns of a fault of ours. The request id leads to the rest, in the log. */
export const faultMessage = 'Something went wrong on our side.';

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

/** Raised when a service cannot start for a reason that whoever started it can mend: printed as it is, without a stack. */
export class StartError extends Error {
  /** Status that the process exits with. */
  readonly exitStatus: number = 1;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Raised when the environment is not fit to start with; names every bad variable at once. */
export class ConfigError extends StartError {
  /** `EX_CONFIG` of sysexits.h. */
  override readonly exitStatus = 78;
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The environment is not usable:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/** Raised when another program listens where a service should. */
export class PortInUseError extends StartError {
  /** @param variable the one that chooses another port */
  constructor(port: number, variable: string, options?: ErrorOptions) {
    super(`Port ${port} is in use by another program: stop that, or choose another port by ${variable}.`, options);
  }
}

/** Raised when a sealed secret was changed, belongs elsewhere, or its key is not in the ring. */
export class UnsealError extends Error {
  override readonly name = 'UnsealError';
}
