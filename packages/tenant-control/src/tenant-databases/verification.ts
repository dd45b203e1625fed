import { latestMigration } from '@tenantry/prisma';
import type { ClientBase } from 'pg';

/**
 * Uses a database as its tenant will.
 *
 * @param client signed in as the tenant's role
 * @throws when it is not fit for a tenant
 */
export async function verifyDatabase(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ version: string | null; foreign_objects: string | null }>(stateOfDatabase);
  const { version = null, foreign_objects: foreignObjects = null } = rows[0] ?? {};
  const wanted = latestMigration('tenant');
  if (version !== wanted) throw new Error(`The database has the schema version ${version}, not ${wanted}.`);
  if (foreignObjects !== null) throw new Error(`The tenant's role does not own ${foreignObjects}.`);
  // Not to be kept: that it may be written is all there is to know.
  await client.query('BEGIN');
  const { rowCount } = await client.query('UPDATE tenant_settings SET updated_at = now()');
  await client.query('ROLLBACK');
  if (rowCount !== 1) throw new Error(`The database has ${rowCount} rows of settings, not 1.`);
}

const stateOfDatabase = `
  SELECT
    (SELECT max(migration_name) FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL) AS version,
    (SELECT string_agg(relname, ', ') FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relowner <> current_user::regrole) AS foreign_objects`;
