import type { Logger } from '@tenantry/service';
import { LeaseOverdueError } from '../errors.ts';
import type { PoolLimits } from '../limits.ts';
import type { PoolEvents } from '../pool-events.ts';
import type { HeldLease } from './held-lease.ts';

export interface LeaseWatchOptions {
  limits: Pick<PoolLimits, 'leaseWarningMs' | 'leaseDeadlineMs'>;
  logger: Logger;
  events: Pick<PoolEvents, 'onLeaseOverdue'>;
}

/** Finds the leases that nobody returned: warns of each once, then revokes it, so that none keeps its tenant open for ever. */
export class LeaseWatch {
  readonly #options: LeaseWatchOptions;
  readonly #warned = new WeakSet<HeldLease>();

  constructor(options: LeaseWatchOptions) {
    this.#options = options;
  }

  inspect(leases: Iterable<HeldLease>): void {
    const now = performance.now();
    for (const lease of leases) this.#inspect(lease, now - lease.grantedAt);
  }

  #inspect(lease: HeldLease, ageMs: number): void {
    const { limits, logger, events } = this.#options;
    const { tenantId, operation, holdMs = limits.leaseDeadlineMs } = lease;
    const subject = { tenantId, operation, ageMs: Math.round(ageMs) };
    // A lease that was asked for to be held for long is not suspicious so soon.
    const warnAfterMs = lease.holdMs === undefined ? limits.leaseWarningMs : lease.holdMs / 2;
    if (ageMs >= warnAfterMs && !this.#warned.has(lease)) {
      this.#warned.add(lease);
      events.onLeaseOverdue('warned');
      logger.warn(subject, 'a lease has not been returned yet');
    }
    if (ageMs < holdMs) return;
    events.onLeaseOverdue('revoked');
    logger.error(subject, 'a lease was not returned by its deadline; it is revoked');
    lease.revoke(
      new LeaseOverdueError(`The lease of ${JSON.stringify(operation)} on tenant ${tenantId} was held for more than ${holdMs} ms.`),
    );
  }
}
