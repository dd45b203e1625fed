import { escapeIdentifier, escapeLiteral, type ClientBase } from 'pg';
import { boundRole } from '../clusters/role-bounds.ts';
import type { ClusterAdmin } from '../clusters/cluster-admin.ts';
import { actFor } from '../postgres/act-for.ts';
import { inTransaction } from '../postgres/in-transaction.ts';
import { membershipOptions } from '../postgres/membership.ts';
import { scramVerifier } from '../postgres/scram.ts';
import type { TenantDatabase } from './database.ts';
import { dropRole } from './drop-role.ts';
import { copySettings } from './login-settings.ts';
import { connectionLimit } from './role.ts';
import { endSessions } from './sessions.ts';

/** A role that signs in to a tenant's database in place of the one that owns it, and acts as that one. */
export interface TenantLoginRole extends TenantDatabase {
  readonly loginName: string;
}

export interface MakeLoginOptions {
  readonly password: string;
  /** The tenant's login until now, whose settings it gets. Null: none but the bounds that every tenant's role has. */
  readonly like: string | null;
  /** For tests: called in the middle. */
  readonly onPart?: () => Promise<void>;
}

type Administrator = Pick<ClientBase, 'query'>;

const commentPrefix = 'Tenantry: login of tenant ';

/** What a login's comment says of whose it is. */
export function loginComment(tenantId: string): string {
  return commentPrefix + tenantId;
}

/** The name of a tenant's login from one rotation to the next. */
export function loginNameOf(roleName: string, credentialVersion: number): string {
  return `${roleName}_v${credentialVersion}`;
}

/**
 * Makes a login, or brings it to what it should be: a role that may connect to the tenant's database and become the owner, nothing else.
 * Postgres has it become the owner as each session begins, also one that a pooler lends. `RESET ROLE` leads to the owner again, and `SET
 * ROLE NONE` to a role without any right. All of it or nothing.
 *
 * @throws when another role has its name
 */
export async function makeLogin(
  administrator: Administrator,
  login: TenantLoginRole,
  { password, like, onPart = async () => {} }: MakeLoginOptions,
): Promise<void> {
  const { id, databaseName, roleName, loginName } = login;
  const [role, owner] = [escapeIdentifier(loginName), escapeIdentifier(roleName)];
  await inTransaction(administrator, async () => {
    if (!(await isThere(administrator, login))) {
      await administrator.query(`
        CREATE ROLE ${role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS;
        COMMENT ON ROLE ${role} IS ${escapeLiteral(loginComment(id))}`);
      await actFor(administrator, loginName);
    }
    await onPart();
    await administrator.query(`
      ALTER ROLE ${role} LOGIN CONNECTION LIMIT ${connectionLimit} PASSWORD ${escapeLiteral(scramVerifier(password))};
      GRANT ${owner} TO ${role} ${await membershipOptions(administrator, 'NOINHERIT')};
      ALTER ROLE ${role} SET role = ${escapeLiteral(roleName)}`);
    await admitLogin(administrator, databaseName, loginName);
    if (like !== null) await copySettings(administrator, like, loginName);
    await boundRole(administrator, loginName);
  });
}

/** Lets a login into its tenant's database; to be done again where that was made anew. The owner itself needs no letting in. */
export async function admitLogin(administrator: Administrator, databaseName: string, loginName: string): Promise<void> {
  await administrator.query(`GRANT CONNECT ON DATABASE ${escapeIdentifier(databaseName)} TO ${escapeIdentifier(loginName)}`);
}

/**
 * Drops a login with its sessions, if it is there; the tenant's database may be gone.
 *
 * @param onPart for tests: called between the parts
 * @throws when another role has its name
 */
export async function dropLogin(
  cluster: ClusterAdmin,
  session: Administrator,
  login: TenantLoginRole,
  onPart: () => Promise<void> = async () => {},
): Promise<void> {
  if (!(await isThere(session, login))) return;
  await session.query(`ALTER ROLE ${escapeIdentifier(login.loginName)} NOLOGIN`);
  await onPart();
  await endSessions(session, login.loginName);
  await onPart();
  await dropRole(cluster, session, login.loginName);
}

/** Takes from the role that owns a tenant's database what it signed in with, and ends its sessions. It stays, and owns it. */
export async function closeOwner(session: Administrator, roleName: string, onPart: () => Promise<void> = async () => {}): Promise<void> {
  const { rowCount } = await session.query('SELECT FROM pg_roles WHERE rolname = $1', [roleName]);
  if (rowCount === 0) return;
  await session.query(`ALTER ROLE ${escapeIdentifier(roleName)} NOLOGIN PASSWORD NULL`);
  await onPart();
  await endSessions(session, roleName);
}

/** The logins that rotations have made on a cluster, by their comments: those of one tenant, or of all. */
export async function findLogins(
  administrator: Administrator,
  tenantId: string | null = null,
): Promise<{ tenantId: string; loginName: string }[]> {
  const { rows } = await administrator.query<{ tenantId: string; loginName: string }>(
    `SELECT rolname AS "loginName", substr(comment, length($1) + 1) AS "tenantId"
     FROM pg_roles, shobj_description(oid, 'pg_authid') AS comment
     WHERE starts_with(comment, $1) AND ($2::text IS NULL OR comment = $1 || $2) ORDER BY rolname`,
    [commentPrefix, tenantId],
  );
  return rows;
}

/** @throws when it is there, and not by us */
async function isThere(administrator: Administrator, { id, loginName }: TenantLoginRole): Promise<boolean> {
  const { rows } = await administrator.query<{ comment: string | null }>(
    `SELECT shobj_description(oid, 'pg_authid') AS comment FROM pg_roles WHERE rolname = $1`,
    [loginName],
  );
  if (rows[0] && rows[0].comment !== loginComment(id)) {
    throw new Error(`The role ${loginName} is there and is not the tenant’s: its comment is ${JSON.stringify(rows[0].comment)}.`);
  }
  return rows.length > 0;
}
