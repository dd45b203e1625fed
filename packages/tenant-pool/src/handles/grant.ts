import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils';

/** What stands behind a handle: one tenant's database, and the right to use it for as long as {@link enter} does not throw. */
export interface HandleGrant {
  readonly adapter: SqlDriverAdapter;
  /**
   * Begins an operation; {@link leave} follows when it has settled.
   *
   * @throws when the right has ended
   */
  enter(): void;
  leave(): void;
  /** Turns what an operation failed with into what its caller shall see. */
  explain(error: unknown): unknown;
}
