/**
 * A piece of work: an operation by itself, what an extension's caller does as a part of one that is under way, an interactive
 * transaction, or what is done within one that is open.
 */
export type Work = 'operation' | 'within-operation' | 'transaction' | 'within-transaction';

/** How a Prisma operation went, as its caller saw it. */
export interface QueryReport {
  /** Prisma's name of the model; undefined for raw SQL and for `$transaction`. */
  readonly model: string | undefined;
  /** As the caller named it: `findUnique`, `$queryRaw`, `$transaction`. */
  readonly operation: string;
  readonly durationMs: number;
  readonly ok: boolean;
}

/** What stands behind a handle: the right to use one tenant's database, for as long as {@link enter} does not throw. */
export interface HandleGrant {
  /**
   * Begins a piece of work; {@link leave} follows when it has settled.
   *
   * @throws when the right to it has ended
   */
  enter(work: Work): void;
  leave(work: Work): void;
  /**
   * Aborts when the right is taken away, with what {@link enter} then throws; not when it is given up, since an open transaction goes on
   * then. Absent where that does not happen.
   */
  readonly revoked?: AbortSignal;
  /** Turns what a piece of work failed with into what its caller shall see. */
  explain(error: unknown): unknown;
  /** Told of each Prisma operation after it ran. Must not throw. */
  onQuery?(report: QueryReport): void;
}

/** Allows everything. */
export const freeGrant: HandleGrant = { enter: () => {}, leave: () => {}, explain: (error) => error };
