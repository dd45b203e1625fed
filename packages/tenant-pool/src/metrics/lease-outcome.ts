import { TenantryError } from '@tenantry/service';
import { TenantBusyError, TenantUnavailableError } from '../errors.ts';

/** How a request for a lease ended: `refused` by the tenant's status, `busy` and `unavailable` as the errors of these names. */
export type LeaseOutcome = 'granted' | 'refused' | 'busy' | 'unavailable' | 'failed';

export function leaseOutcome(error: unknown): LeaseOutcome {
  if (error instanceof TenantBusyError) return 'busy';
  if (error instanceof TenantUnavailableError) return 'unavailable';
  return error instanceof TenantryError ? 'refused' : 'failed';
}
