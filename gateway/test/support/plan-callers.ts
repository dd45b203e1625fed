import type { PlanCaller } from '../../src/planning/plan-cache.ts';
import type { PlanningRequest } from '../../src/planning/planner.ts';
import { Waiters } from '../../src/planning/waiters.ts';

/** Somebody without a token, at an address of their own. */
export function planCaller(address: string, signal: AbortSignal = new AbortController().signal): PlanCaller {
  return { tenantContext: { principal: null, tenantId: null, impersonated: false, origin: address }, signal };
}

/** An operation that is asked for by these clients, and was never too complex. */
export function planningFor(...clients: readonly string[]): PlanningRequest & { readonly places: readonly Disposable[] } {
  const waiters = new Waiters();
  return { waiters, wasTooComplex: false, places: clients.map((client) => waiters.join(client)) };
}
