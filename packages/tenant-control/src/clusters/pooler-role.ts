import { DatabaseError, escapeIdentifier, type ClientBase } from 'pg';
import { PoolerRoleError } from '../errors.ts';
import { withAdvisoryLock } from '../postgres/advisory-lock.ts';
import { sqlState } from '../postgres/sql-state.ts';
import type { ClusterAdmin } from './cluster-admin.ts';

/**
 * Sees to it that a pooler may safely sign in as this role. In each tenant's database it asks for logins by names, such as that of `=`, which
 * have to be the system's whatever path the tenant has given its database: a function of the tenant's could give the role another password.
 *
 * @throws {PoolerRoleError} when a pooler could not sign in as it, or would be given far too much by it, or it has another path
 */
export async function preparePoolerRole({ name, pool }: Pick<ClusterAdmin, 'name' | 'pool'>, authUser: string): Promise<void> {
  const fault = (what: string, options?: ErrorOptions) => new PoolerRoleError(name, authUser, what, options);
  const client = await pool.connect();
  try {
    // Of two that alter a role at the same moment, one fails.
    await withAdvisoryLock(client, 'tenantry: the pooler’s role', async () => {
      const role = await findPoolerRole(client, authUser);
      if (!role?.canLogin) throw fault('cannot sign in there: create it with LOGIN and a password');
      if (role.isSuperuser) throw fault('is a superuser there: name one that has no rights of its own');
      if (!role.hasPath) await setPath(client, authUser, fault);
    });
  } finally {
    client.release();
  }
}

interface PoolerRole {
  readonly canLogin: boolean;
  readonly isSuperuser: boolean;
  readonly hasPath: boolean;
}

async function findPoolerRole(client: ClientBase, authUser: string): Promise<PoolerRole | undefined> {
  const { rows } = await client.query<PoolerRole>(
    `SELECT rolcanlogin AS "canLogin", rolsuper AS "isSuperuser",
       coalesce('search_path=pg_catalog' = ANY (rolconfig), false) AS "hasPath"
     FROM pg_roles WHERE rolname = $1`,
    [authUser],
  );
  return rows[0];
}

/** @throws {PoolerRoleError} when the administrator may not */
async function setPath(
  client: ClientBase,
  authUser: string,
  fault: (what: string, options: ErrorOptions) => PoolerRoleError,
): Promise<void> {
  const statement = `ALTER ROLE ${escapeIdentifier(authUser)} SET search_path = pg_catalog`;
  try {
    await client.query(statement);
  } catch (cause) {
    if (!(cause instanceof DatabaseError) || cause.code !== sqlState.insufficientPrivilege) throw cause;
    throw fault(`would run what tenants have written, and the administrator may not see to that: let a superuser say ${statement}`, {
      cause,
    });
  }
}
