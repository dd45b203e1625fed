import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { migrateDatabase } from '@tenantry/prisma';
import type { ClientBase } from 'pg';
import { RestoreTargetError } from '../errors.ts';
import type { AppliedMigration } from './manifest.ts';

const lockFile = 'migration_lock.toml';

/** What Prisma says was applied, by name. */
export async function readAppliedMigrations(client: ClientBase): Promise<AppliedMigration[]> {
  const { rows: tables } = await client.query(`SELECT WHERE to_regclass('public._prisma_migrations') IS NOT NULL`);
  if (tables.length === 0) return [];
  const { rows } = await client.query<AppliedMigration>(
    `SELECT DISTINCT migration_name COLLATE "C" AS name, checksum FROM public._prisma_migrations
     WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY 1`,
  );
  return rows;
}

/** @throws {RestoreTargetError} unless the database has had the migrations of the backup, to the letter, and no other */
export function assertSameMigrations(ofDatabase: readonly AppliedMigration[], ofBackup: readonly AppliedMigration[]): void {
  const had = new Map(ofDatabase.map(({ name, checksum }) => [name, checksum]));
  const wanted = new Map(ofBackup.map(({ name, checksum }) => [name, checksum]));
  const faults = [
    ...ofBackup.filter(({ name }) => !had.has(name)).map(({ name }) => `has not had the migration ${name}`),
    ...ofDatabase.filter(({ name }) => !wanted.has(name)).map(({ name }) => `has had the migration ${name}, which the backup has not`),
    ...ofBackup
      .filter(({ name, checksum }) => (had.get(name) ?? checksum) !== checksum)
      .map(({ name }) => `has had the migration ${name} when it read differently`),
  ];
  if (faults.length === 0) return;
  throw new RestoreTargetError(
    `The database ${faults.join(', ')}: restore into an empty one, which is migrated as the backup was, and then as far as there are migrations.`,
  );
}

/**
 * Applies the migrations of a backup, and no later one, to an empty database.
 *
 * @param folders of migrations: the tenants' own one, and those with a tenant's extra ones
 * @throws {RestoreTargetError} when they are not in the folders, to the letter
 * @throws {MigrationError}
 */
export async function applyMigrationsOf(
  ofBackup: readonly AppliedMigration[],
  { url, folders }: { url: string; folders: readonly string[] },
): Promise<void> {
  if (ofBackup.length === 0) return;
  const found = await findMigrations(folders);
  const paths = await Promise.all(ofBackup.map(async (migration) => await fitting(migration, found.get(migration.name))));
  await migrateBy(paths, { url, folders });
}

/** Applies every migration that the database has not had. @throws {MigrationError} */
export async function applyAllMigrations(options: { url: string; folders: readonly string[] }): Promise<void> {
  await migrateBy([...(await findMigrations(options.folders)).values()], options);
}

/** Paths by names of migrations. */
async function findMigrations(folders: readonly string[]): Promise<Map<string, string>> {
  const entries = await Promise.all(folders.map(async (folder) => await readdir(folder, { withFileTypes: true })));
  return new Map(
    entries
      .flat()
      .filter((entry) => entry.isDirectory())
      .map(({ name, parentPath }) => [name, join(parentPath, name)]),
  );
}

async function fitting({ name, checksum }: AppliedMigration, path: string | undefined): Promise<string> {
  if (path === undefined) {
    throw new RestoreTargetError(
      `The backup has had the migration ${name}, which is unknown here: restore it with the version that made it.`,
    );
  }
  const sql = await readFile(join(path, 'migration.sql'));
  if (createHash('sha256').update(sql).digest('hex') === checksum) return path;
  throw new RestoreTargetError(
    `The migration ${name} reads differently since the backup was made: restore it with the version that made it, or put back what the migration was.`,
  );
}

/** Prisma takes one folder, and applies all that is in it. */
async function migrateBy(paths: readonly string[], { url, folders }: { url: string; folders: readonly string[] }): Promise<void> {
  const [first] = folders;
  if (first === undefined || paths.length === 0) return;
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-migrations-'));
  try {
    await cp(join(first, lockFile), join(folder, lockFile));
    for (const path of paths) {
      const copy = join(folder, basename(path));
      await mkdir(copy);
      await cp(join(path, 'migration.sql'), join(copy, 'migration.sql'));
    }
    await migrateDatabase({ url, database: 'tenant', folder });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
