import { escapeIdentifier, type ClientBase } from 'pg';
import type { ClusterAdmin } from '../clusters/cluster-admin.ts';
import { actFor } from '../postgres/act-for.ts';

type Administrator = Pick<ClientBase, 'query'>;

interface Dependency {
  /** Null where what depends on the role is no database's own, such as the right to connect to one. */
  readonly database: string | null;
  readonly owner: string | null;
}

/**
 * Drops a role, if it is there, with the rights that it was given: any tenant's role can give each other one rights in its own database, and
 * Postgres drops none that has some. What it owns in a database, such as a large object, falls to that database's owner.
 *
 * @param cluster where `session` is the administrator's
 * @throws when the role owns a database, which is left with all that is in it
 */
export async function dropRole(cluster: Pick<ClusterAdmin, 'within'>, session: Administrator, roleName: string): Promise<void> {
  await assertOwnsNone(session, roleName);
  const role = escapeIdentifier(roleName);
  const dependencies = await findDependencies(session, roleName);
  if (dependencies.length > 0) await actFor(session, roleName);
  for (const { database, owner } of dependencies) {
    if (database === null || owner === null) continue;
    await cluster.within(database, async (client) => {
      await client.query(`REASSIGN OWNED BY ${role} TO ${escapeIdentifier(owner)}; DROP OWNED BY ${role}`);
    });
  }
  if (dependencies.some(({ database }) => database === null)) await session.query(`DROP OWNED BY ${role}`);
  await session.query(`DROP ROLE IF EXISTS ${role}`);
}

/** What drops and hands over all that a role owns would do so with a database, too. */
async function assertOwnsNone(session: Administrator, roleName: string): Promise<void> {
  const { rows } = await session.query<{ database: string }>(
    'SELECT datname AS database FROM pg_database JOIN pg_roles ON pg_roles.oid = datdba WHERE rolname = $1',
    [roleName],
  );
  if (rows[0]) throw new Error(`The role ${roleName} owns the database ${rows[0].database}, and is not dropped before that.`);
}

async function findDependencies(session: Administrator, roleName: string): Promise<Dependency[]> {
  const { rows } = await session.query<Dependency>(
    `SELECT DISTINCT datname AS database, pg_get_userbyid(datdba) AS owner
     FROM pg_shdepend JOIN pg_roles ON refclassid = 'pg_authid'::regclass AND refobjid = pg_roles.oid
     LEFT JOIN pg_database ON pg_database.oid = dbid
     WHERE rolname = $1 AND (dbid <> 0 OR deptype = 'a')`,
    [roleName],
  );
  return rows;
}
