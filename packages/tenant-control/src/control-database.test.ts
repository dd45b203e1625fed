import { latestMigration } from '@tenantry/prisma';
import { escapeIdentifier } from 'pg';
import { afterEach, expect, inject, test } from 'vitest';
import { prepareControlDatabase } from './control-database.ts';
import { databaseUrl } from './postgres/connection.ts';
import { runSql, uniqueName } from './testing/installation.ts';

const server = inject('postgresUrl');
const database = uniqueName('control');
const url = databaseUrl(server, database);

afterEach(async () => await runSql(server, `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`));

test('processes that start at the same time create and migrate the control database once', async () => {
  await Promise.all(Array.from({ length: 4 }, async () => await prepareControlDatabase(url)));
  await prepareControlDatabase(url);
  const rows = await runSql<{ name: string }>(url, 'SELECT migration_name AS name FROM _prisma_migrations ORDER BY finished_at');
  const names = rows.map(({ name }) => name);
  expect(names.at(-1)).toBe(latestMigration('control'));
  expect(names).toEqual([...new Set(names)].toSorted());
});

test('the control database is closed to roles that were not let in', async () => {
  const role = uniqueName('stranger');
  await runSql(server, `CREATE ROLE ${escapeIdentifier(role)} LOGIN PASSWORD 'secret'`);
  try {
    await prepareControlDatabase(url);
    await expect(runSql(databaseUrl(server, database, { user: role, password: 'secret' }), 'SELECT 1')).rejects.toMatchObject({
      code: '42501',
    });
  } finally {
    await runSql(server, `DROP ROLE ${escapeIdentifier(role)}`);
  }
});

test('who may not create the control database is told what is missing', async () => {
  const role = uniqueName('powerless');
  await runSql(server, `CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
  try {
    await expect(prepareControlDatabase(databaseUrl(server, database, { user: role, password: 'secret' }))).rejects.toThrow(
      `The control database ${database} does not exist and could not be created`,
    );
  } finally {
    await runSql(server, `DROP ROLE ${role}`);
  }
});
