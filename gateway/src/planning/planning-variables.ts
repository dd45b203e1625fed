import { parseEnvironment, type Environment } from '@tenantry/service';
import { z } from 'zod';
import type { PlanCacheLimits } from './plan-cache.ts';

/** How operations are planned; what is absent has its default. */
export interface PlanningConfig {
  /** Milliseconds that the planning of one operation may take. */
  readonly planningTimeoutMs?: number;
  readonly planCacheLimits?: Partial<PlanCacheLimits>;
}

const bytesPerMegabyte = 1024 * 1024;

function upTo(most: number) {
  return z.coerce
    .number('must be a number')
    .int('must be a whole number')
    .min(1, 'must be 1 or more')
    .max(most, `must be ${most} or less`)
    .optional();
}

/** A timer cannot be set for longer than 24 days, and would go off at once; a cache has room set aside for its number of operations. */
const planningVariables = { PLANNING_TIMEOUT_MS: upTo(600_000), PLAN_CACHE_OPERATIONS: upTo(1_000_000), PLAN_CACHE_MB: upTo(65_536) };

/** @throws {ConfigError} naming every variable that is malformed */
export function readPlanningConfig(environment: Environment): PlanningConfig {
  const { PLANNING_TIMEOUT_MS, PLAN_CACHE_OPERATIONS, PLAN_CACHE_MB } = parseEnvironment(planningVariables, environment);
  const planCacheLimits = {
    ...(PLAN_CACHE_OPERATIONS !== undefined && { operations: PLAN_CACHE_OPERATIONS }),
    ...(PLAN_CACHE_MB !== undefined && { bytes: PLAN_CACHE_MB * bytesPerMegabyte }),
  };
  return {
    ...(PLANNING_TIMEOUT_MS !== undefined && { planningTimeoutMs: PLANNING_TIMEOUT_MS }),
    ...(Object.keys(planCacheLimits).length > 0 && { planCacheLimits }),
  };
}
