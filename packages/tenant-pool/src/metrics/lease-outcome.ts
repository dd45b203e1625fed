import { TenantryError } from '@tenantry/service';
import { TenantBusyError, TenantUnavailableError } from '../errors.ts';

/**
 * How a request for a lease ended: `refused` by the tenant's status, `busy` and `unavailable` as the errors of these names, `abandoned` by
 * who asked.
 */
export type LeaseOutcome = 'granted' | 'refused' | 'busy' | 'unavailable' | 'abandoned' | 'failed';

/** @param signal of the request */
export function leaseOutcome(error: unknown, signal?: AbortSignal): LeaseOutcome {
  if (signal?.aborted && error === signal.reason) return 'abandoned';
  if (error instanceof TenantBusyError) return 'busy';
  if (error instanceof TenantUnavailableError) return 'unavailable';
  return error instanceof TenantryError ? 'refused' : 'failed';
}
