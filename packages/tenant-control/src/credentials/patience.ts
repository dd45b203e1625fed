import { defaultLimits } from '@tenantry/tenant-pool';

/** How long a login is kept open that was replaced. */
export interface Patience {
  /**
   * Milliseconds without a session of the old login after which it is closed. Not less than it takes all processes to hear of the new
   * one and those that have leases to give them up. Default 15000: the pool's time to drain, and 5 seconds to hear.
   */
  readonly quietMs: number;
  /** Milliseconds after which it is closed whoever uses it. Default 30000; a pooler keeps idle sessions for longer than that. */
  readonly graceMs: number;
}

const hearingMs = 5_000;

export const defaultPatience: Patience = { quietMs: defaultLimits.drainDeadlineMs + hearingMs, graceMs: 30_000 };
