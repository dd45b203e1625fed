import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { latestMigration, migrateDatabase, migrationsFolder } from '@tenantry/prisma';
import { unseal } from '@tenantry/service';
import { expect, inject, test } from 'vitest';
import { databaseUrl } from '../postgres/connection.ts';
import { openInstallation, operator, runSql } from '../testing/installation.ts';
import { dumpDatabase } from './dump-database.ts';
import { exportData } from './export/export-data.ts';
import { restoreDatabase } from './restore-database.ts';
import { createTestDatabase, createTestStore } from './testing/databases.ts';

const server = inject('postgresUrl');
const migrationFolders = [migrationsFolder('tenant')];

test('a tenant that was backed up by its own role is restored into another database, with exports that are equal to the byte', async () => {
  await using installation = await openInstallation({ serverUrl: server });
  await using kept = await createTestStore();
  const { store } = kept;
  const prismaSchema = await readFile(join(migrationsFolder('tenant'), '../schema.prisma'), 'utf8');
  const { id } = await installation.control.provisionTenant(
    { slug: 'acme', name: 'Acme', firstOwner: { email: 'ada@acme.example', name: 'Ada' } },
    { actor: operator },
  );
  const placement = await installation.catalog.findPlacement(id);
  if (!placement) throw new Error('the tenant has no placement');
  const password = unseal(placement.sealedPassword, id, installation.keyRing);
  const url = databaseUrl(server, placement.database, { user: placement.role, password });
  await runSql(url, `INSERT INTO teams (id, name, updated_at) VALUES (gen_random_uuid(), E'Tea\\\\m "1"\\n', now())`);

  const { manifest } = await dumpDatabase({ url, store, key: 'backup', tenantId: id });
  expect(manifest.schemaVersion).toBe(latestMigration('tenant'));
  await using other = await createTestDatabase(server);
  await restoreDatabase({ url: other.url, store, key: 'backup', migrationFolders });
  const exports = [
    await exportData({ url, store, key: 'one', tenantId: id, prismaSchema }),
    await exportData({ url: other.url, store, key: 'other', tenantId: id, prismaSchema }),
  ];
  const [one, two] = exports.map((exported) => exported.manifest.models);
  expect(one?.map(({ model, rows }) => [model, rows])).toEqual([
    ['Invitation', 1],
    ['TeamMember', 0],
    ['Team', 1],
    ['TenantSettings', 1],
    ['User', 1],
  ]);
  expect(two).toEqual(one);
  for (const { file } of one ?? []) {
    expect(await readFile(join(kept.path, 'other', file), 'utf8')).toBe(await readFile(join(kept.path, 'one', file), 'utf8'));
  }
  expect(JSON.parse(await readFile(join(kept.path, 'one/User.ndjson'), 'utf8'))).toMatchObject({
    email: 'ada@acme.example',
    role: 'OWNER',
    subject: null,
    createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*\+00:00$/),
  });

  // In place, too, by the role that all connections of the tenant have.
  await runSql(url, 'DELETE FROM users; DELETE FROM tenant_settings');
  await restoreDatabase({ url, store, key: 'backup', migrationFolders });
  const again = await exportData({ url, store, key: 'again', tenantId: id, prismaSchema });
  expect(again.manifest.models).toEqual(one);
  expect((await migrateDatabase({ url: other.url, database: 'tenant' })).applied).toEqual([]);
});
