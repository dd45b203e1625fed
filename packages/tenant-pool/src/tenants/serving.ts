import type { TenantryError } from '@tenantry/service';
import type { TenantPlacement } from '../directory/placement.ts';
import { TenantMigratingError, TenantNotFoundError, TenantSuspendedError, TenantUnavailableError, TenantWakingError } from '../errors.ts';

/** Milliseconds after which a tenant in transition is worth another try. */
const transitionRetryMs = 2000;

/** Why the tenant's data cannot be reached in its present status; null when it can. */
export function refusalOf({ tenantId, status }: TenantPlacement): TenantryError | null {
  const retry = { retryAfterMs: transitionRetryMs };
  switch (status) {
    case 'ACTIVE':
      return null;
    case 'SUSPENDED':
      return new TenantSuspendedError(`Tenant ${tenantId} is suspended.`);
    case 'MIGRATING':
      return new TenantMigratingError(`Tenant ${tenantId} is being migrated.`, retry);
    case 'HIBERNATED':
    case 'WAKING':
      return new TenantWakingError(`Tenant ${tenantId} is waking.`, retry);
    case 'PROVISIONING':
      return new TenantUnavailableError(`Tenant ${tenantId} is being provisioned.`, retry);
    case 'FAILED':
      return new TenantUnavailableError(`Tenant ${tenantId} could not be provisioned.`, { retryAfterMs: 30_000 });
    case 'DELETING':
    case 'DELETED':
      return new TenantNotFoundError(`There is no tenant ${tenantId}.`);
    default:
      return new TenantUnavailableError(`Tenant ${tenantId} is ${String(status satisfies never)}, which this version does not know.`);
  }
}

/** What of a placement a connection depends on: entries of the same tenant with different ones share no connection. */
export function connectionKey({ host, port, sslMode, pooling, database, role, credentialVersion }: TenantPlacement): string {
  return [host, port, sslMode, pooling, database, role, credentialVersion].join(' ');
}
