import { TenantryError } from '@tenantry/service';

/** Raised when a request needs a tenant, and neither its token nor an operator's `x-tenant-id` names one. */
export class TenantRequiredError extends TenantryError {
  readonly code = 'TENANT_REQUIRED';
}

/** Raised when a token cannot be checked because its issuer's keys cannot be fetched. The caller's token may be perfectly good. */
export class IdentityProviderUnavailableError extends TenantryError {
  readonly code = 'INTERNAL_SERVER_ERROR';
}
