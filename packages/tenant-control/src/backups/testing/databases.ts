import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateDatabase } from '@tenantry/prisma';
import { databaseUrl, withConnection } from '../../postgres/connection.ts';
import { openFolderStore } from '../stores/folder-store.ts';
import type { BackupStore } from '../stores/backup-store.ts';

/** A database of a role that may nothing else, as a tenant's is. */
export interface TestDatabase extends AsyncDisposable {
  /** The owner's. */
  readonly url: string;
  /** The superuser's. */
  readonly adminUrl: string;
  query<Row = unknown>(sql: string, values?: unknown[]): Promise<Row[]>;
}

/** @param migrations folder whose migrations are applied; default none */
export async function createTestDatabase(serverUrl: string, migrations?: string): Promise<TestDatabase> {
  const name = `backup_${randomBytes(6).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  await runSql(serverUrl, `CREATE ROLE ${name} LOGIN PASSWORD '${password}'`);
  await runSql(serverUrl, `CREATE DATABASE ${name} OWNER ${name} TEMPLATE template0 ENCODING 'UTF8'`);
  const url = databaseUrl(serverUrl, name, { user: name, password });
  if (migrations !== undefined) await migrateDatabase({ url, database: 'tenant', folder: migrations });
  return {
    url,
    adminUrl: databaseUrl(serverUrl, name),
    query: async (sql, values) => await runSql(url, sql, values),
    [Symbol.asyncDispose]: async () => {
      await runSql(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`);
      await runSql(serverUrl, `DROP ROLE ${name}`);
    },
  };
}

export async function runSql<Row>(url: string, sql: string, values: unknown[] = []): Promise<Row[]> {
  return await withConnection(url, async (client) => (await client.query(sql, values)).rows);
}

export interface TestFolder extends AsyncDisposable {
  readonly path: string;
}

export async function createTestFolder(): Promise<TestFolder> {
  const path = await mkdtemp(join(tmpdir(), 'tenantry-backups-'));
  return { path, [Symbol.asyncDispose]: async () => await rm(path, { recursive: true, force: true }) };
}

/** A folder with migrations, as Prisma has them. */
export async function createMigrations(migrations: Readonly<Record<string, string>>): Promise<TestFolder> {
  const folder = await createTestFolder();
  await writeFile(join(folder.path, 'migration_lock.toml'), 'provider = "postgresql"\n');
  for (const [name, sql] of Object.entries(migrations)) await addMigration(folder.path, name, sql);
  return folder;
}

export async function addMigration(folder: string, name: string, sql: string): Promise<void> {
  await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, name, 'migration.sql'), sql);
}

export interface TestStore extends AsyncDisposable {
  readonly store: BackupStore;
  readonly path: string;
}

export async function createTestStore(): Promise<TestStore> {
  const folder = await createTestFolder();
  return { store: openFolderStore(folder.path), path: folder.path, [Symbol.asyncDispose]: async () => await folder[Symbol.asyncDispose]() };
}
