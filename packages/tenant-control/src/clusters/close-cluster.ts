import type { Logger } from '@tenantry/service';
import type { ClientBase } from 'pg';
import { withAdvisoryLock } from '../postgres/advisory-lock.ts';
import { closeToPublic } from '../postgres/close-to-public.ts';
import type { ClusterAdmin } from './cluster-admin.ts';

/** Databases that every server has, and that no tenant's role has any business in. */
const standardDatabases: ReadonlySet<string> = new Set(['postgres', 'template1']);

/**
 * Closes the standard databases of a cluster to roles that were not let in by name, so that a tenant's role reaches its own database and no
 * other. Other people's databases are left as they are; a warning names those that are open.
 */
export async function closeCluster({ name, pool }: ClusterAdmin, logger: Logger): Promise<void> {
  const client = await pool.connect();
  try {
    await withAdvisoryLock(client, 'tenantry: close the cluster', async () => {
      const open = await openDatabases(client);
      for (const database of open) if (standardDatabases.has(database)) await closeToPublic(client, database);
    });
    const databases = await openDatabases(client);
    if (databases.length > 0)
      logger.warn({ cluster: name, databases }, 'tenant roles may connect to these databases: REVOKE CONNECT … FROM PUBLIC');
  } finally {
    client.release();
  }
}

async function openDatabases(client: ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ database: string }>(
    `SELECT datname AS database FROM pg_database WHERE datallowconn AND has_database_privilege('public', oid, 'CONNECT')`,
  );
  return rows.map(({ database }) => database);
}
