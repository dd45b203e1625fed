import type { MigrationList, SchemaEngine } from '@prisma/schema-engine-wasm/schema_engine_bg';
import { Pool, type DatabaseError } from 'pg';
import { migrationsFolder, readMigrations, readSchema, type Database } from './databases.ts';
import { MigrationError } from './errors.ts';
import { openSchemaEngine } from './schema-engine.ts';
import { EngineAdapter } from './engine-adapter.ts';

export interface MigrateOptions {
  /** A direct connection to the database, not one through a pooler. */
  url: string;
  database: Database;
  /** Where the migrations are; default: the folder of `database`. */
  folder?: string;
}

export interface MigrationResult {
  /** Names of the migrations that this call applied, oldest first. */
  applied: string[];
  /** Name of the newest migration that the database now has. */
  schemaVersion: string;
}

/** The lock that `prisma migrate` takes too, so that neither runs beside the other. */
const migrationLock = 72_707_369;

/** Every table and enum is Prisma's to manage. */
const filters = { externalTables: [], externalEnums: [] };

/**
 * Applies the migrations that the database does not have yet and records them in `_prisma_migrations`, as `prisma migrate deploy`
 * does. Callers at the same time wait for one another.
 *
 * @throws {MigrationError} naming the migration and what Postgres said of it
 */
export async function migrateDatabase({ url, database, folder = migrationsFolder(database) }: MigrateOptions): Promise<MigrationResult> {
  const migrationsList = readMigrations(folder);
  const schemaVersion = migrationsList.migrationDirectories.at(-1)?.path ?? '';
  return await withEngine(url, async (engine, adapter) => {
    try {
      const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList, filters });
      return { applied: appliedMigrationNames, schemaVersion };
    } catch (error) {
      throw await explain(error, engine, migrationsList, adapter.scriptError);
    }
  });
}

/** SQL that would bring the database of `url` to the schema file; empty when it is there. */
export async function pendingChanges(url: string, database: Database): Promise<string> {
  const schema = readSchema(database);
  const path = schema.files[0]?.path ?? '';
  return await withEngine(url, async (engine) => {
    const { stdout } = await engine.diff({
      from: { tag: 'schemaDatasource', ...schema, configDir: path },
      to: { tag: 'schemaDatamodel', ...schema },
      script: true,
      exitCode: null,
      filters,
    });
    return stdout === null || stdout.trim() === '-- This is an empty migration.' ? '' : stdout;
  });
}

async function withEngine<Result>(url: string, work: (engine: SchemaEngine, adapter: EngineAdapter) => Promise<Result>): Promise<Result> {
  // One connection that stays: the session that holds the lock is the one that migrates.
  const pool = new Pool({ connectionString: url, max: 1, idleTimeoutMillis: 0, application_name: 'tenantry:migrate' });
  pool.on('error', () => {});
  try {
    await pool.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    const adapter = new EngineAdapter(pool);
    using engine = await openSchemaEngine(adapter);
    return await work(engine, adapter);
  } finally {
    await pool.end();
  }
}

async function explain(
  cause: unknown,
  engine: SchemaEngine,
  migrationsList: MigrationList,
  scriptError: DatabaseError | null,
): Promise<MigrationError> {
  const { failedMigrationNames } = await engine.diagnoseMigrationHistory({ migrationsList, filters, optInToShadowDatabase: false });
  const migration = failedMigrationNames.at(-1) ?? null;
  if (migration === null || scriptError === null) {
    const [firstLine = ''] = String(cause instanceof Error ? cause.message : cause).split('\n');
    return new MigrationError(`The database could not be migrated: ${firstLine}`, { migration, sqlState: null, cause });
  }
  const isUndone = wasOneTransaction(migration, migrationsList);
  // Postgres undid the whole script, so the next call may try again. Otherwise somebody has to look, and `prisma migrate resolve` it.
  if (isUndone) await engine.markMigrationRolledBack({ migrationName: migration });
  return new MigrationError(`Migration ${migration} failed${isUndone ? ' and was rolled back' : ''}: ${scriptError.message}`, {
    migration,
    sqlState: scriptError.code ?? null,
    cause: scriptError,
  });
}

/** Whether the script leaves the transaction to Postgres: in doubt, no. */
function wasOneTransaction(migration: string, { migrationDirectories }: MigrationList): boolean {
  const content = migrationDirectories.find(({ path }) => path === migration)?.migrationFile.content;
  return content?.tag === 'ok' && !/\b(?:commit|concurrently)\b/i.test(content.value);
}
