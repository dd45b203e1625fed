/**
 * `new-migration (control|tenant) some_name`: writes the migration that leads from the existing ones to the schema file. Works on a
 * throw-away Postgres of its own. Read what it wrote before you commit it: a rename comes out as a drop and an add.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { startDisposablePostgres } from '@tenantry/backing-services';
import { databases, migrationsFolder } from './databases.ts';
import { migrateDatabase, pendingChanges } from './migrate.ts';

const [databaseName, name = ''] = process.argv.slice(2);
const database = databases.find((known) => known === databaseName);

if (database === undefined || !/^[a-z][a-z0-9_]*$/.test(name)) {
  console.error(`Usage: pnpm --filter @tenantry/prisma new-migration (${databases.join('|')}) name_in_snake_case`);
  process.exitCode = 64;
} else {
  await using postgres = await startDisposablePostgres();
  await migrateDatabase({ url: postgres.url, database });
  const sql = await pendingChanges(postgres.url, database);
  if (sql === '') {
    console.log(`The migrations of ${database} already lead to its schema.`);
  } else {
    const timestamp = new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14);
    const folder = join(migrationsFolder(database), `${timestamp}_${name}`);
    mkdirSync(folder);
    writeFileSync(join(folder, 'migration.sql'), sql);
    console.log(`Wrote ${relative(process.cwd(), join(folder, 'migration.sql'))}`);
  }
}
