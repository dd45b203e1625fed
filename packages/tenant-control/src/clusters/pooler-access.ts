import { escapeIdentifier, escapeLiteral, type Client, type ClientBase } from 'pg';
import { scramVerifier } from '../postgres/scram.ts';
import type { ClusterAdmin } from './cluster-admin.ts';

/** A tenant's database, and how its role signs in. */
export interface TenantLogin {
  readonly databaseName: string;
  readonly roleName: string;
  readonly password: string;
}

/**
 * Lets the pooler's role into a tenant's database to read, in the table `tenantry.logins`, how the tenant's role signs in; that is what
 * PgBouncer's `auth_query` asks. What it reads is the SCRAM verifier of that one role, and of a second one while credentials are rotated,
 * with which nobody can sign in to Postgres, and there is nothing else there that it may read. The schema and the table are the
 * administrator's: the tenant's role, though it owns the database, can neither read nor replace them, and no role but the pooler's is
 * granted anything.
 *
 * The role's password is set to the same verifier in the same transaction, since PgBouncer signs in to Postgres with what it learnt from
 * its client, which takes the same salt on both sides.
 */
export async function openToPooler(cluster: ClusterAdmin, authUser: string, login: TenantLogin): Promise<void> {
  await cluster.within(login.databaseName, async (client) => {
    // Whatever the database's owner has made the path for its objects: names below are nobody's but the administrator's.
    await client.query('BEGIN; SET LOCAL search_path = pg_catalog');
    await client.query(`SELECT pg_advisory_xact_lock(hashtextextended('tenantry: logins', 0))`);
    await makeTable(client, login.databaseName);
    await storeLogin(client, login);
    await letIn(client, authUser, login.databaseName);
    await client.query('COMMIT');
  });
}

/** Has the pooler know no more how a role signed in, where it was told. */
export async function forgetLogin(cluster: ClusterAdmin, { databaseName, roleName }: Omit<TenantLogin, 'password'>): Promise<void> {
  await cluster.within(databaseName, async (client) => {
    await client.query('SET search_path = pg_catalog');
    // A table of the tenant's own could do more, in the administrator's name, than lose a row.
    const { rowCount } = await client.query(
      `SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
       WHERE nspname = 'tenantry' AND relname = 'logins' AND nspowner = current_user::regrole AND relowner = current_user::regrole`,
    );
    if (rowCount === 1) await client.query('DELETE FROM tenantry.logins WHERE role = $1', [roleName]);
  });
}

/** Those of `databases` that the pooler's role was not let into, though they are open. */
export async function databasesClosedToPooler(
  administrator: Pick<ClientBase, 'query'>,
  authUser: string,
  databases: readonly string[],
): Promise<string[]> {
  const { rows } = await administrator.query<{ database: string }>(
    `SELECT datname AS database FROM pg_database WHERE datname = ANY($1) AND datallowconn AND NOT EXISTS (
       SELECT FROM aclexplode(datacl) WHERE grantee = $2::regrole AND privilege_type = 'CONNECT')`,
    [databases, escapeIdentifier(authUser)],
  );
  return rows.map(({ database }) => database);
}

async function makeTable(client: Client, database: string): Promise<void> {
  await client.query('CREATE SCHEMA IF NOT EXISTS tenantry');
  const { rows } = await client.query<{ owner: string; ours: boolean }>(
    `SELECT nspowner::regrole::text AS owner, nspowner = current_user::regrole AS ours FROM pg_namespace WHERE nspname = 'tenantry'`,
  );
  if (rows[0]?.ours !== true) {
    throw new Error(`The schema "tenantry" of the database ${database} belongs to ${rows[0]?.owner}, not to the administrator.`);
  }
  await client.query('CREATE TABLE IF NOT EXISTS tenantry.logins (role text PRIMARY KEY, verifier text NOT NULL)');
}

async function storeLogin(client: Client, { roleName, password }: TenantLogin): Promise<void> {
  const verifier = scramVerifier(password);
  await client.query(
    `INSERT INTO tenantry.logins (role, verifier) VALUES ($1, $2)
     ON CONFLICT (role) DO UPDATE SET verifier = EXCLUDED.verifier`,
    [roleName, verifier],
  );
  await client.query(`ALTER ROLE ${escapeIdentifier(roleName)} PASSWORD ${escapeLiteral(verifier)}`);
}

async function letIn(client: Client, authUser: string, database: string): Promise<void> {
  const pooler = escapeIdentifier(authUser);
  await client.query(`
    GRANT USAGE ON SCHEMA tenantry TO ${pooler};
    GRANT SELECT ON tenantry.logins TO ${pooler};
    GRANT CONNECT ON DATABASE ${escapeIdentifier(database)} TO ${pooler};
  `);
}
