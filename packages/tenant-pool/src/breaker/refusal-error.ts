import { TenantBusyError, TenantUnavailableError } from '../errors.ts';
import type { BreakerClass } from './breaker-options.ts';
import type { Refusal } from './tenant-circuits.ts';

const reasons: Readonly<Record<BreakerClass, string>> = {
  unreachable: "The tenant's database did not answer.",
  authentication: "The tenant's database refused its credentials.",
  overload: "The tenant's database had no connection free.",
};

/** What work fails with that a circuit does not let through. */
export function refusalError({ failure, retryAfterMs }: Refusal): TenantBusyError | TenantUnavailableError {
  const message = `${reasons[failure]} Try again in ${retryAfterMs} ms.`;
  return failure === 'overload' ? new TenantBusyError(message, { retryAfterMs }) : new TenantUnavailableError(message, { retryAfterMs });
}
