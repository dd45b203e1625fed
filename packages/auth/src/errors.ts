import { TenantryError } from '@tenantry/service';

/** Raised when a request needs a tenant, and neither its token nor an operator's `x-tenant-id` names one. */
export class TenantRequiredError extends TenantryError {
  readonly code = 'TENANT_REQUIRED';
}

/** Raised when a token cannot be checked because its issuer's keys cannot be fetched. The caller's token may be perfectly good. */
export class IdentityProviderUnavailableError extends TenantryError {
  readonly code = 'INTERNAL_SERVER_ERROR';
}

/** Raised when as many revocations are in force as are kept; none is forgotten for another. */
export class RevocationsFullError extends Error {
  override readonly name = 'RevocationsFullError';

  constructor(most: number) {
    super(`There are ${most} revocations in force, as many as are kept: revoke by tenant or by issuer, where one stands for many.`);
  }
}
