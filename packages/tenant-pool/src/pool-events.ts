import type { Logger } from '@tenantry/service';
import type { BreakerChange } from './breaker/tenant-breakers.ts';
import type { EvictionRefusal } from './budget/connection-budget.ts';
import type { ConnectionFailure } from './connections/connection-failure.ts';
import type { PoolMetrics } from './metrics/pool-metrics.ts';
import type { TenantQuery } from './metrics/tenant-metrics.ts';
import type { EvictionReason } from './tenants/tenant-entry.ts';

/** What the parts of a pool tell of their decisions. Durations are in milliseconds. */
export interface PoolEvents {
  readonly onQuery: (query: TenantQuery) => void;
  readonly onStatement: (tenantId: string, sql: string, durationMs: number) => void;
  readonly onConnectionWait: (durationMs: number) => void;
  readonly onColdStart: (durationMs: number) => void;
  readonly onConnectionFailure: (failure: ConnectionFailure) => void;
  readonly onBreakerChange: (change: BreakerChange) => void;
  readonly onEviction: (reason: EvictionReason) => void;
  readonly onEvictionRefused: (reason: EvictionRefusal) => void;
  readonly onLeaseOverdue: (outcome: 'warned' | 'revoked') => void;
}

/** Turns events into metrics, and those into log entries that an operator should see. */
export function recordedEvents(metrics: PoolMetrics, logger: Logger, onStatement?: PoolEvents['onStatement']): PoolEvents {
  const logChange = breakerLog(logger);
  return {
    onQuery: (query) => metrics.observeQuery(query),
    onStatement: (tenantId, sql, durationMs) => {
      metrics.statements.observe(durationMs / 1000);
      onStatement?.(tenantId, sql, durationMs);
    },
    onConnectionWait: (durationMs) => metrics.connectionWait.observe(durationMs / 1000),
    onColdStart: (durationMs) => metrics.coldStart.observe(durationMs / 1000),
    onConnectionFailure: (failure) => metrics.connectionFailures.inc({ failure }),
    onBreakerChange: (change) => {
      const { failure, state } = change;
      metrics.breakerChanges.inc({ failure, state });
      logChange(change);
    },
    onEviction: (reason) => metrics.evictions.inc({ reason }),
    onEvictionRefused: (reason) => metrics.evictionsRefused.inc({ reason }),
    onLeaseOverdue: (outcome) => metrics.overdueLeases.inc({ outcome }),
  };
}

/** Logs the beginning and the end of each failure of a tenant's database; the probes in between are in the metrics. */
function breakerLog(logger: Logger): (change: BreakerChange) => void {
  const failing = new Set<string>();
  return ({ tenantId, failure, state }) => {
    const circuit = `${tenantId} ${failure}`;
    if (state === 'open' && !failing.has(circuit)) {
      failing.add(circuit);
      logger.warn({ tenantId, failure }, 'the database of a tenant fails: work on it is refused but for a probe now and then');
    }
    if (state === 'closed' && failing.delete(circuit))
      logger.info({ tenantId, failure }, 'a tenant whose database failed is let through again');
  };
}
