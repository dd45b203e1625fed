import type { TenantryError } from '@tenantry/service';
import type { TenantPlacement } from '../directory/placement.ts';
import type { TenantDirectory } from '../directory/tenant-directory.ts';
import { TenantMigratingError, TenantNotFoundError, TenantSuspendedError, TenantUnavailableError, TenantWakingError } from '../errors.ts';

/** Milliseconds after which a tenant in transition is worth another try. */
const transitionRetryMs = 2000;

/** Why the tenant's data cannot be reached in its present status; null when it can. */
function refusalOf({ tenantId, status }: TenantPlacement): TenantryError | null {
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
      return new TenantUnavailableError(`Tenant ${tenantId} is out of service until an operator has looked after it.`, {
        retryAfterMs: 30_000,
      });
    case 'DELETING':
    case 'DELETED':
      return new TenantNotFoundError(`There is no tenant ${tenantId}.`);
    default:
      return new TenantUnavailableError(`Tenant ${tenantId} is ${String(status satisfies never)}, which this version does not know.`);
  }
}

/** The tenant's placement, or why its data cannot be reached. @throws {TenantUnavailableError} when that could not be read */
export async function standingOf(directory: TenantDirectory, tenantId: string): Promise<TenantPlacement | TenantryError> {
  try {
    const placement = await directory.lookup(tenantId);
    return refusalOf(placement) ?? placement;
  } catch (error) {
    if (error instanceof TenantNotFoundError) return error;
    throw error;
  }
}

/** What of a placement a connection depends on: entries of the same tenant with different ones share no connection. */
export function connectionKey(placement: TenantPlacement): string {
  return [placeKey(placement), placement.role, placement.credentialVersion].join(' ');
}

/** Which database a connection reaches, as whomever. */
export function placeKey({ host, port, sslMode, pooling, database }: TenantPlacement): string {
  return [host, port, sslMode, pooling, database].join(' ');
}
