import type { ConnectionFailure } from '../connections/connection-failure.ts';

/** What a circuit guards against. Each class has a circuit of its own, because each mends in its own time. */
export type BreakerClass = 'unreachable' | 'authentication' | 'overload';

/** `open`: work fails at once. `half-open`: so does all but one probe, which is under way. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** A database that is missing is waited for like one that does not answer. */
export const classOf: Readonly<Record<ConnectionFailure, BreakerClass>> = {
  unreachable: 'unreachable',
  'missing-database': 'unreachable',
  authentication: 'authentication',
  overload: 'overload',
};

export const breakerClasses = ['unreachable', 'authentication', 'overload'] as const satisfies readonly BreakerClass[];

/** Opens a circuit: so many failures of its class in a row, none of them older than `withinMs` milliseconds. */
export interface Trip {
  failures: number;
  withinMs: number;
}

/** When a tenant's circuits open, and when they are tried again. */
export interface BreakerOptions {
  /** Default: 3 failures within 60000 ms. */
  unreachable: Trip;
  /** Default: 1 failure; the credentials were read anew by then. */
  authentication: Trip;
  /** Tolerant, as a burst of work passes: a database that serves some of it is not cut off. Default: 5 failures within 10000 ms. */
  overload: Trip;
  /** Milliseconds until the first probe; doubled by each probe that fails. Default 1000. */
  probeDelayMs: number;
  /** Milliseconds until the next probe, at most. Default 30000. */
  maxProbeDelayMs: number;
  /** Part of each delay that is left to chance, 0 to 1, so that processes do not probe in step. Default 0.5. */
  jitter: number;
  /** Milliseconds after which a probe without an answer has failed. Its success still counts when it comes. Default 10000. */
  probeDeadlineMs: number;
  /** Milliseconds that a caller is told to wait, at the least; also while a probe is under way. Default 250. */
  minRetryAfterMs: number;
  /** Milliseconds after which a tenant that nobody asks for is forgotten. Longer than any work lasts. Default 300000. */
  forgetAfterMs: number;
  /** Tenants remembered at most; beyond, those asked for least recently are let through again. Default 10000. */
  maxTenants: number;
}

export const defaultBreakerOptions: BreakerOptions = {
  unreachable: { failures: 3, withinMs: 60_000 },
  authentication: { failures: 1, withinMs: 60_000 },
  overload: { failures: 5, withinMs: 10_000 },
  probeDelayMs: 1000,
  maxProbeDelayMs: 30_000,
  jitter: 0.5,
  probeDeadlineMs: 10_000,
  minRetryAfterMs: 250,
  forgetAfterMs: 300_000,
  maxTenants: 10_000,
};
