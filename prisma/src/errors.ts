/** Raised when a migration fails, or when an earlier failure stands in the way of the next one. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
  /** Null when the engine refused before it came to a migration. */
  readonly migration: string | null;
  /** Postgres's error code, such as `42P01`; null when the failure was not an SQL error. */
  readonly sqlState: string | null;

  constructor(message: string, { migration, sqlState, cause }: { migration: string | null; sqlState: string | null; cause: unknown }) {
    super(message, { cause });
    this.migration = migration;
    this.sqlState = sqlState;
  }
}
