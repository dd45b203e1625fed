import { abandonable } from '@tenantry/service';
import { validate, type GraphQLSchema } from 'graphql';
import { parseCanonical } from './canonical-operation.ts';
import type { PlanCache, UsedOperation } from './plan-cache.ts';

export interface WarmUp {
  planned: number;
  /** Those that the supergraph no longer allows, or that could not be planned. */
  skipped: number;
}

/**
 * Plans operations that another supergraph's cache has seen, the foremost first, until `signal` aborts. Their uses count half, so that
 * what is no longer asked for is forgotten in time.
 */
export async function warmPlans(
  cache: Pick<PlanCache<unknown>, 'prepare'>,
  schema: GraphQLSchema,
  operations: readonly UsedOperation[],
  signal: AbortSignal,
): Promise<WarmUp> {
  const warmUp: WarmUp = { planned: 0, skipped: 0 };
  for (const { text, uses } of operations) {
    if (signal.aborted) break;
    const isPlanned = await prepares(cache, schema, { text, uses: Math.floor(uses / 2) }, signal);
    warmUp[isPlanned ? 'planned' : 'skipped']++;
  }
  return warmUp;
}

async function prepares(
  cache: Pick<PlanCache<unknown>, 'prepare'>,
  schema: GraphQLSchema,
  operation: UsedOperation,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    if (validate(schema, parseCanonical(operation.text).document).length > 0) return false;
    await abandonable(cache.prepare(operation), signal);
    return true;
  } catch {
    return false;
  }
}
