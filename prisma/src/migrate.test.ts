import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { databases, latestMigration, migrationsFolder } from './databases.ts';
import { MigrationError } from './errors.ts';
import { migrateDatabase, pendingChanges } from './migrate.ts';

const execFileAsync = promisify(execFile);
const name = `migrate_${randomBytes(6).toString('hex')}`;
const url = Object.assign(new URL(inject('postgresUrl')), { pathname: name }).href;

beforeEach(async () => await administer(`CREATE DATABASE ${name}`));
afterEach(async () => await administer(`DROP DATABASE ${name}`));

describe.each(databases)('the %s migrations', (database) => {
  test('lead to exactly the schema file', async () => {
    expect(await pendingChanges(url, database)).toContain('CREATE TABLE');
    await migrateDatabase({ url, database });
    expect(await pendingChanges(url, database)).toBe('');
  });

  test('are applied once', async () => {
    const first = await migrateDatabase({ url, database });
    expect(first.applied.at(-1)).toBe(latestMigration(database));
    expect(await migrateDatabase({ url, database })).toEqual({ applied: [], schemaVersion: latestMigration(database) });
  });

  test('are applied once by concurrent callers', async () => {
    const results = await Promise.all(Array.from({ length: 5 }, async () => await migrateDatabase({ url, database })));
    const first = results.filter(({ applied }) => applied.length > 0);
    expect(first).toHaveLength(1);
    expect(new Set(results.map(({ schemaVersion }) => schemaVersion))).toEqual(new Set([latestMigration(database)]));
    const rows = await query('SELECT migration_name FROM _prisma_migrations');
    expect(rows).toHaveLength(first[0]?.applied.length ?? 0);
  });
});

describe('a migration that fails', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'migrations-'));
    await cp(join(migrationsFolder('tenant'), 'migration_lock.toml'), join(folder, 'migration_lock.toml'));
    await writeMigration('20300101000000_works', 'CREATE TABLE "first" (id int); -- a comment; with semicolons;');
    await writeMigration('20300102000000_fails', 'CREATE TABLE "second" (id int);\nINSERT INTO "nowhere" VALUES (1);');
  });
  afterEach(async () => await rm(folder, { recursive: true }));

  const writeMigration = async (migration: string, sql: string) => {
    await mkdir(join(folder, migration), { recursive: true });
    await writeFile(join(folder, migration, 'migration.sql'), sql);
  };
  const migrate = async () => await migrateDatabase({ url, database: 'tenant', folder });

  test('is named, with what Postgres said of it', async () => {
    const error: unknown = await migrate().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MigrationError);
    expect(error).toMatchObject({
      migration: '20300102000000_fails',
      sqlState: '42P01',
      message: 'Migration 20300102000000_fails failed and was rolled back: relation "nowhere" does not exist',
    });
  });

  test('leaves the migrations before it, nothing of itself, and can be tried again', async () => {
    await expect(migrate()).rejects.toThrow(MigrationError);
    expect(await query(`SELECT to_regclass('first') IS NOT NULL AS first, to_regclass('second') IS NOT NULL AS second`)).toEqual([
      { first: true, second: false },
    ]);
    await writeMigration('20300102000000_fails', 'CREATE TABLE "second" (id int);');
    expect(await migrate()).toEqual({ applied: ['20300102000000_fails'], schemaVersion: '20300102000000_fails' });
  });

  test('is left for somebody to look at when it ended its transaction itself', async () => {
    await writeMigration('20300102000000_fails', 'CREATE TABLE "second" (id int); COMMIT; INSERT INTO "nowhere" VALUES (1);');
    await expect(migrate()).rejects.toThrow('Migration 20300102000000_fails failed: relation "nowhere" does not exist');
    await expect(migrate()).rejects.toThrow('failed migrations');
  });

  test('is not applied over a migration that was interrupted', async () => {
    await migrate().catch(() => {});
    await query(`UPDATE _prisma_migrations SET rolled_back_at = NULL WHERE migration_name = '20300102000000_fails'`);
    const error: unknown = await migrate().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ migration: '20300102000000_fails', sqlState: null });
    expect(error).toHaveProperty('message', expect.stringContaining('failed migrations'));
  });
});

test('a database that cannot be reached is an error that says so', async () => {
  await expect(migrateDatabase({ url: url.replace(name, 'nowhere'), database: 'tenant' })).rejects.toThrow(
    'database "nowhere" does not exist',
  );
});

test('a process that has migrated ends by itself, without waiting for a timer', async () => {
  const migrateModule = JSON.stringify(new URL('migrate.ts', import.meta.url).href);
  const script = `
    const { migrateDatabase } = await import(${migrateModule});
    await migrateDatabase({ url: ${JSON.stringify(url)}, database: 'tenant' });
    console.log(Date.now());`;
  const { stdout } = await execFileAsync(process.execPath, ['--input-type=module', '--eval', script]);
  const millisecondsToEnd = Date.now() - Number(stdout);
  // The engine's own timers run for 10 seconds.
  expect(millisecondsToEnd).toBeLessThan(5_000);
});

describe('the databases themselves', () => {
  test('refuse a change to the audit log', async () => {
    await migrateDatabase({ url, database: 'control' });
    await query(`INSERT INTO audit_log (id, action, issuer, subject, request_id, outcome)
                 VALUES (gen_random_uuid(), 'look', 'issuer', 'subject', 'request', 'ALLOWED')`);
    for (const change of [`UPDATE audit_log SET action = 'nothing'`, 'DELETE FROM audit_log', 'TRUNCATE audit_log']) {
      await expect(query(change)).rejects.toThrow('audit_log is append-only');
    }
  });

  test.each(['Acme', 'ac', 'a--b', '-acme', 'acme-', '1acme', 'a'.repeat(41), 'acmé'])('refuse the slug %s', async (slug) => {
    await migrateDatabase({ url, database: 'control' });
    await query(`INSERT INTO clusters (name, host, port, updated_at) VALUES ('standard', 'localhost', 5432, now())`);
    const insert = `INSERT INTO tenants (id, slug, name, cluster_name, database_name, role_name, login_name, sealed_password, updated_at)
                    VALUES (gen_random_uuid(), $1, 'name', 'standard', $1, $1, $1, '', now())`;
    await expect(query(insert, [slug])).rejects.toThrow('tenants_slug_is_a_label');
    await query(insert, ['acme-2']);
  });

  test('refuse an email that is not normalised', async () => {
    await migrateDatabase({ url, database: 'tenant' });
    const insert = `INSERT INTO users (id, email, name, updated_at) VALUES (gen_random_uuid(), $1, 'name', now())`;
    for (const email of ['Ada@example.com', ' ada@example.com', '']) {
      await expect(query(insert, [email])).rejects.toThrow('users_email_is_normalised');
    }
    await query(insert, ['ada@example.com']);
  });

  test('have exactly one row of settings', async () => {
    await migrateDatabase({ url, database: 'tenant' });
    expect(await query('SELECT id, locale FROM tenant_settings')).toEqual([{ id: 1, locale: 'en' }]);
    await expect(query('INSERT INTO tenant_settings (id, updated_at) VALUES (2, now())')).rejects.toThrow('tenant_settings_is_one_row');
  });
});

async function query(sql: string, values: unknown[] = []): Promise<unknown[]> {
  return await run(url, sql, values);
}

async function administer(sql: string): Promise<void> {
  await run(inject('postgresUrl'), sql, []);
}

async function run(connectionString: string, sql: string, values: unknown[]): Promise<unknown[]> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql, values);
    return rows;
  } finally {
    await client.end();
  }
}
