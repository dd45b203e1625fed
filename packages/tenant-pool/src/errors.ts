import { TenantryError, type TenantryErrorOptions } from '@tenantry/service';

/** Raised when no tenant has the id, or its deletion has begun. */
export class TenantNotFoundError extends TenantryError {
  readonly code = 'TENANT_NOT_FOUND';
}

/** Raised when the tenant is suspended: nobody reaches its data until an operator resumes it. */
export class TenantSuspendedError extends TenantryError {
  readonly code = 'TENANT_SUSPENDED';
}

/** Raised while the tenant's database is being migrated or moved. */
export class TenantMigratingError extends TenantryError {
  readonly code = 'TENANT_MIGRATING';
}

/** Raised while a hibernated tenant is not awake yet. */
export class TenantWakingError extends TenantryError {
  readonly code = 'TENANT_WAKING';
}

/** Raised when the tenant's database, or the way to it, does not answer. */
export class TenantUnavailableError extends TenantryError {
  readonly code = 'TENANT_UNAVAILABLE';

  constructor(message: string, { retryAfterMs = 2000, ...options }: TenantryErrorOptions = {}) {
    super(message, { ...options, retryAfterMs });
  }
}

/**
 * Raised when a tenant is reached through a pooler and its role has no time-outs of its own. Through a pooler nothing else could set
 * them, and a statement without a bound is never run.
 */
export class UnboundedRoleError extends TenantUnavailableError {
  constructor(settings: readonly string[]) {
    super(`The tenant's role has no ${settings.join(' and no ')} of its own. Restart the process with TENANT_CLUSTERS, which sets them.`);
  }
}

/** Raised when no connection was to be had within the deadline. */
export class TenantBusyError extends TenantryError {
  readonly code = 'TENANT_BUSY';

  constructor(message: string, { retryAfterMs = 1000, ...options }: TenantryErrorOptions = {}) {
    super(message, { ...options, retryAfterMs });
  }
}

/** Raised by a handle whose lease was returned: the code that holds it outlived its request. */
export class LeaseEndedError extends TenantryError {
  readonly code = 'INTERNAL_SERVER_ERROR';
}

/** Raised by a handle whose lease was held for longer than leases may be: whoever took it forgot to return it, or is stuck. */
export class LeaseOverdueError extends TenantryError {
  readonly code = 'INTERNAL_SERVER_ERROR';
}

/**
 * Raised by a handle whose connections were taken away beneath a lease: the tenant moved or was evicted, or the lease was not returned by
 * the time that the connections were to be closed, as after its password was rotated.
 */
export class LeaseRevokedError extends TenantryError {
  readonly code = 'TENANT_UNAVAILABLE';

  constructor(message: string, { retryAfterMs = 100, ...options }: TenantryErrorOptions = {}) {
    super(message, { ...options, retryAfterMs });
  }
}

/** Raised when a handle is asked for what it cannot do safely; the message says what to use instead. */
export class UnsupportedOperationError extends TenantryError {
  readonly code = 'INTERNAL_SERVER_ERROR';
}

/** Raised when a statement reaches the shared Prisma client outside every tenant's handle. There is no default database. */
export class NoTenantError extends TenantryError {
  readonly code = 'INTERNAL_SERVER_ERROR';
}

/** Raised when an operation of one tenant reaches another, at start or when a tenant is first opened: this process must not serve. */
export class IsolationError extends Error {
  override readonly name = 'IsolationError';
}

/** Raised at start when Prisma's driver adapter loads another copy of `pg` than this package does. */
export class DuplicateDriverError extends Error {
  override readonly name = 'DuplicateDriverError';
}
