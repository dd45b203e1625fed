import { runSql, type Installation } from './installation.ts';

/**
 * Databases and roles on the server that this installation has made for tenants, and that its catalog does not know any more. What others
 * have made there, at the same time, is left out.
 */
export async function findOrphans(installation: Installation, serverUrl: string): Promise<string[]> {
  const gone = await installation.query<{ name: string }>(
    `SELECT DISTINCT 'tenant_' || replace(tenant_id::text, '-', '') AS name FROM sagas
     WHERE tenant_id NOT IN (SELECT id FROM tenants WHERE status <> 'DELETED') AND tenant_id NOT IN (SELECT id FROM shelf)`,
  );
  const rows = await runSql<{ name: string }>(
    serverUrl,
    `SELECT datname::text AS name FROM pg_database, unnest($1::text[]) AS gone WHERE starts_with(datname, gone)
     UNION ALL SELECT rolname::text FROM pg_roles, unnest($1::text[]) AS gone WHERE starts_with(rolname, gone)`,
    [gone.map(({ name }) => name)],
  );
  return rows.map(({ name }) => name);
}
