import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MigrationList, SchemasContainer } from '@prisma/schema-engine-wasm/schema_engine_bg';

/** The two kinds of database: the catalog, and that of a tenant. Each has a folder of this name with its schema and migrations. */
export type Database = 'control' | 'tenant';

export const databases: readonly Database[] = ['control', 'tenant'];

export function databaseFolder(database: Database): string {
  return join(import.meta.dirname, '..', database);
}

export function migrationsFolder(database: Database): string {
  return join(databaseFolder(database), 'migrations');
}

/** Name of the newest migration: the schema version of a database that is up to date. */
export function latestMigration(database: Database): string {
  const latest = migrationNames(migrationsFolder(database)).at(-1);
  if (latest === undefined) throw new Error(`There are no migrations in ${migrationsFolder(database)}`);
  return latest;
}

/** SHA-256 over all migrations, names and SQL: changes when any of them does. */
export function migrationsChecksum(database: Database): string {
  return createHash('sha256')
    .update(JSON.stringify(readMigrations(migrationsFolder(database)).migrationDirectories))
    .digest('hex');
}

/** The migrations in `folder`, oldest first, in the form that the schema engine takes. */
export function readMigrations(folder: string): MigrationList {
  return {
    baseDir: folder,
    lockfile: { path: 'migration_lock.toml', content: readFileSync(join(folder, 'migration_lock.toml'), 'utf8') },
    shadowDbInitScript: '',
    migrationDirectories: migrationNames(folder).map((name) => ({
      path: name,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: readFileSync(join(folder, name, 'migration.sql'), 'utf8') } },
    })),
  };
}

export function readSchema(database: Database): SchemasContainer {
  return { files: [{ path: schemaPath(database), content: schemaText(database) }] };
}

/** Text of the `schema.prisma`. */
export function schemaText(database: Database): string {
  return readFileSync(schemaPath(database), 'utf8');
}

function schemaPath(database: Database): string {
  return join(databaseFolder(database), 'schema.prisma');
}

function migrationNames(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted();
}
