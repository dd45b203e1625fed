import type { ClientBase } from 'pg';
import { scratchPrefix } from '../backups/scratch-database.ts';
import { ForeignDatabaseError } from '../errors.ts';
import { dropDatabase } from '../tenant-databases/database.ts';
import { namesOf } from '../tenant-databases/owned-database.ts';

type Administrator = Pick<ClientBase, 'query'>;

/**
 * What bears a tenant's id on a cluster: in its name, or in the comment of what Tenantry names otherwise. Comments alone say nothing: whoever
 * owns a database writes them.
 */
export interface Remains {
  readonly databases: readonly FoundDatabase[];
  /** By name; those that act as another one first. */
  readonly roles: readonly string[];
}

interface FoundDatabase {
  readonly name: string;
  readonly comment: string | null;
  /** Nobody could ever connect to it. */
  readonly isUnborn: boolean;
}

/** Of all roles that Tenantry makes. */
const ownPrefix = 'tenant';

export async function findRemains(administrator: Administrator, tenantId: string): Promise<Remains> {
  const values = [namesOf(tenantId).databaseName, tenantId, scratchPrefix];
  const databases = await administrator.query<FoundDatabase>(
    `SELECT datname AS name, comment, comment IS NULL AND NOT datallowconn AS "isUnborn"
     FROM pg_database, shobj_description(oid, 'pg_database') AS comment
     WHERE starts_with(datname, $1) OR starts_with(datname, $3) AND strpos(comment, $2) > 0 ORDER BY datname`,
    values,
  );
  const roles = await administrator.query<{ name: string }>(
    `SELECT rolname AS name FROM pg_roles, shobj_description(oid, 'pg_authid') AS comment
     WHERE starts_with(rolname, $1) OR starts_with(rolname, $3) AND strpos(comment, $2) > 0 ORDER BY length(rolname) DESC, rolname`,
    [...values.slice(0, 2), ownPrefix],
  );
  return { databases: databases.rows, roles: roles.rows.map(({ name }) => name) };
}

/**
 * Drops databases that were found, with whoever is in them.
 *
 * @throws {ForeignDatabaseError} when one has the tenant's name, and is not marked as the tenant's
 */
export async function dropFoundDatabases(
  session: ClientBase,
  databases: Remains['databases'],
  { clusterName, tenantId }: { clusterName: string; tenantId: string },
): Promise<void> {
  const foreign = databases.find(({ comment, isUnborn }) => !isUnborn && !comment?.includes(tenantId));
  if (foreign) throw new ForeignDatabaseError(foreign.name, clusterName, tenantId, foreign.comment);
  for (const { name } of databases) await dropDatabase(session, name);
}
