import { createHash } from 'node:crypto';
import { latestMigration, migrateDatabase, migrationsChecksum } from '@tenantry/prisma';
import { escapeIdentifier, escapeLiteral, type PoolClient } from 'pg';
import { withAdvisoryLock } from '../postgres/advisory-lock.ts';
import { actFor } from '../postgres/act-for.ts';
import { forceDropDatabase } from '../postgres/force-drop-database.ts';
import type { ClusterAdmin } from './cluster-admin.ts';

/** A database with the newest tenant schema and no tenant in it. Nobody can connect to it; tenants' databases are cloned from it. */
export interface Template {
  readonly database: string;
  /** Owns everything in the template and nothing else, so that a clone can be handed over by one `REASSIGN OWNED`. */
  readonly owner: string;
  readonly schemaVersion: string;
}

/** The cluster's template for the newest schema; made by the first who asks. */
export async function ensureTemplate(cluster: ClusterAdmin): Promise<Template> {
  const template = cluster.template ?? (await describeTemplate(cluster));
  if (await isFinished(cluster.pool, template)) return template;
  const client = await cluster.pool.connect();
  try {
    await withAdvisoryLock(client, template.database, async () => {
      if (!(await isFinished(client, template))) await makeTemplate(cluster, client, template);
    });
    return template;
  } finally {
    client.release();
  }
}

/**
 * The names hold what the template depends on: the migrations, to the letter, and the administrator who may hand over what its
 * owner owns.
 */
async function describeTemplate({ pool }: ClusterAdmin): Promise<Template> {
  const { rows } = await pool.query<{ administrator: string }>('SELECT current_user AS administrator');
  const schemaVersion = latestMigration('tenant');
  const hash = createHash('sha256')
    .update(`${migrationsChecksum('tenant')} ${rows[0]?.administrator}`)
    .digest('hex')
    .slice(0, 8);
  const database = `tenantry_template_${schemaVersion.slice(0, 14)}_${hash}`;
  return { database, owner: `${database}_owner`, schemaVersion };
}

async function isFinished(client: Pick<PoolClient, 'query'>, { database }: Template): Promise<boolean> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1 AND datistemplate AND NOT datallowconn', [database]);
  return rowCount === 1;
}

async function makeTemplate(cluster: ClusterAdmin, client: PoolClient, { database, owner }: Template): Promise<void> {
  const [databaseName, ownerName] = [escapeIdentifier(database), escapeIdentifier(owner)];
  // What an earlier attempt left unfinished.
  await forceDropDatabase(client, database);
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [owner]);
  if (rowCount === 0) await client.query(`CREATE ROLE ${ownerName} NOLOGIN`);
  await actFor(client, owner);
  // Anybody who can connect can leave a large object there, which every tenant's database would have.
  await client.query(`CREATE DATABASE ${databaseName} TEMPLATE template0 ENCODING 'UTF8' OWNER ${ownerName} ALLOW_CONNECTIONS false`);
  await client.query(`REVOKE ALL ON DATABASE ${databaseName} FROM PUBLIC; ALTER DATABASE ${databaseName} WITH ALLOW_CONNECTIONS true`);
  await migrateDatabase({ url: cluster.templateUrl(database, owner), database: 'tenant' });
  // The owner keeps what is in the database but not the database: REASSIGN OWNED in a clone would hand that over too.
  await client.query(`
    ALTER DATABASE ${databaseName} OWNER TO CURRENT_USER;
    COMMENT ON DATABASE ${databaseName} IS ${escapeLiteral('Tenantry: tenant databases are cloned from this one')};
    ALTER DATABASE ${databaseName} WITH ALLOW_CONNECTIONS false IS_TEMPLATE true;
  `);
}
