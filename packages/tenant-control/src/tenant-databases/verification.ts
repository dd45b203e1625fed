import { latestMigration } from '@tenantry/prisma';
import type { ClientBase } from 'pg';

interface State {
  readonly version: string | null;
  /** Names of what is not the role's; null for none. */
  readonly foreignObjects: string | null;
  /** Rows of settings that it could write. */
  readonly settings: number;
}

/**
 * Uses a database as its tenant will.
 *
 * @param client signed in as the tenant's role
 * @throws when it is not fit for a tenant
 */
export async function verifyDatabase(client: ClientBase): Promise<void> {
  const { version, foreignObjects, settings } = await stateOf(client);
  const wanted = latestMigration('tenant');
  if (version !== wanted) throw new Error(`The database has the schema version ${version}, not ${wanted}.`);
  if (foreignObjects !== null) throw new Error(`The tenant's role does not own ${foreignObjects}.`);
  if (settings !== 1) throw new Error(`The database has ${settings} rows of settings, not 1.`);
}

async function stateOf(client: ClientBase): Promise<State> {
  // Not to be kept: that it may be written is all there is to know.
  await client.query('BEGIN');
  const { rows } = await client.query<State>(stateOfDatabase);
  await client.query('ROLLBACK');
  return rows[0] ?? { version: null, foreignObjects: null, settings: 0 };
}

const stateOfDatabase = `
  WITH written AS (UPDATE tenant_settings SET updated_at = now() RETURNING true)
  SELECT
    (SELECT max(migration_name) FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL) AS version,
    (SELECT string_agg(relname, ', ') FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relowner <> current_user::regrole) AS "foreignObjects",
    (SELECT count(*)::int FROM written) AS settings`;
