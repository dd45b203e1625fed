import type { ClientBase } from 'pg';
import { ForeignDatabaseError } from '../errors.ts';
import type { TenantDatabase } from './database.ts';

/** What a database's comment says of whose it is. */
export function ownershipComment(tenantId: string): string {
  return `Tenantry: tenant ${tenantId}`;
}

/**
 * Whether a tenant's database is there. One by its name is the tenant's when its comment says so; or when it has none because nobody could
 * ever connect to it, and the tenant's role owns it: a clone that was cut off.
 *
 * @throws {ForeignDatabaseError} when it is there and not known to be the tenant's
 */
export async function findOwnDatabase(
  session: Pick<ClientBase, 'query'>,
  clusterName: string,
  { id, databaseName, roleName }: TenantDatabase,
): Promise<boolean> {
  const { rows } = await session.query<{ comment: string | null; isUnborn: boolean }>(
    `SELECT shobj_description(oid, 'pg_database') AS comment, NOT datallowconn AND pg_get_userbyid(datdba) = $2 AS "isUnborn"
     FROM pg_database WHERE datname = $1`,
    [databaseName, roleName],
  );
  const [found] = rows;
  if (!found) return false;
  const { comment, isUnborn } = found;
  if (comment === ownershipComment(id) || (comment === null && isUnborn)) return true;
  throw new ForeignDatabaseError(databaseName, clusterName, id, comment);
}
