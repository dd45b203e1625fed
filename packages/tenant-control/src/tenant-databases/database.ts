import { escapeIdentifier, escapeLiteral, type Client, type ClientBase } from 'pg';
import type { ClusterAdmin } from '../clusters/cluster-admin.ts';
import type { Template } from '../clusters/template.ts';
import { forceDropDatabase } from '../postgres/force-drop-database.ts';
import { membershipOptions } from '../postgres/membership.ts';
import { findOwnDatabase, ownershipComment } from './own-database.ts';

/** A tenant's database by its names. */
export interface TenantDatabase {
  /** Of the tenant; of the tenant to be, for a database on the shelf. */
  readonly id: string;
  readonly databaseName: string;
  readonly roleName: string;
}

export interface CloneOptions {
  readonly admin: Pick<ClusterAdmin, 'name' | 'pool'>;
  /** Whose statements no other provisioning of the same tenant runs beside. */
  readonly session: ClientBase;
  readonly template: Template;
  /** Runs `work` by a connection to the clone, once there can be one, with the tenant's role. */
  readonly asTenant: (work: (client: Client) => Promise<void>) => Promise<void>;
  /** Called when the clone is there, and nobody can connect to it. */
  readonly onClone?: () => Promise<void>;
  /** Called when the tenant's role can connect to it, and nothing in it is the tenant's yet. */
  readonly onOpen?: () => Promise<void>;
}

/**
 * Makes the database that everything of a tenant is in, as a clone of the template; what a former attempt has made is gone on with.
 *
 * @throws {ForeignDatabaseError} when one by its name is there, and not known to be the tenant's
 */
export async function cloneDatabase(tenant: TenantDatabase, { admin, session, template, ...options }: CloneOptions): Promise<void> {
  const { asTenant, onClone, onOpen } = options;
  const isThere = await findOwnDatabase(session, admin.name, tenant);
  const [membership] = await Promise.all([membershipOptions(admin.pool, 'INHERIT'), isThere || clone(session, template, tenant)]);
  await onClone?.();
  const [owner, role] = [escapeIdentifier(template.owner), escapeIdentifier(tenant.roleName)];
  // The tenant takes what is in the clone over by itself, by the connection that has to be tried anyway: it may do that for just so long.
  // The template's owner owns nothing but that, the template, and other clones, all of which the tenant cannot connect to.
  await session.query(`${opening(tenant)} GRANT ${owner} TO ${role} ${membership}`);
  await onOpen?.();
  await asTenant(async (client) => void (await client.query(`REASSIGN OWNED BY ${owner} TO ${role}`)));
  await session.query(`REVOKE ${owner} FROM ${role}`);
}

/**
 * Makes a database of a tenant's with nothing in it; its role is there, the database is not.
 *
 * @param onPart for tests: called between the parts
 */
export async function makeEmptyDatabase(
  session: ClientBase,
  tenant: TenantDatabase,
  onPart: () => Promise<void> = async () => {},
): Promise<void> {
  const [database, role] = [escapeIdentifier(tenant.databaseName), escapeIdentifier(tenant.roleName)];
  await session.query(`CREATE DATABASE ${database} TEMPLATE template0 ENCODING 'UTF8' OWNER ${role} ALLOW_CONNECTIONS false`);
  await onPart();
  await session.query(opening(tenant));
}

export async function dropDatabase(session: ClientBase, databaseName: string): Promise<void> {
  // Its owner may have made it one, and Postgres drops none.
  const { rowCount } = await session.query('SELECT FROM pg_database WHERE datname = $1 AND datistemplate', [databaseName]);
  if (rowCount === 1) await session.query(`ALTER DATABASE ${escapeIdentifier(databaseName)} WITH IS_TEMPLATE false`);
  await forceDropDatabase(session, databaseName);
}

/** Drops a tenant's database, if it is there. @throws {ForeignDatabaseError} when one by its name is, and not known to be the tenant's */
export async function dropOwnDatabase(session: ClientBase, clusterName: string, tenant: TenantDatabase): Promise<void> {
  if (await findOwnDatabase(session, clusterName, tenant)) await dropDatabase(session, tenant.databaseName);
}

/** Whether a database is there and can be connected to. */
export async function acceptsConnections(session: Pick<ClientBase, 'query'>, databaseName: string): Promise<boolean> {
  const { rowCount } = await session.query('SELECT FROM pg_database WHERE datname = $1 AND datallowconn', [databaseName]);
  return rowCount === 1;
}

/** Whether the dropping of a database that is there was never begun: Postgres leaves one that was cut off in it as of no more use. */
export async function isWhole(session: Pick<ClientBase, 'query'>, databaseName: string): Promise<boolean> {
  const { rowCount } = await session.query('SELECT FROM pg_database WHERE datname = $1 AND datconnlimit <> -2', [databaseName]);
  return rowCount === 1;
}

/** Nobody can connect to the clone yet: a database is born open to every role. */
async function clone(session: ClientBase, { database: template }: Template, { databaseName, roleName }: TenantDatabase): Promise<void> {
  const [database, role] = [escapeIdentifier(databaseName), escapeIdentifier(roleName)];
  await session.query(`CREATE DATABASE ${database} TEMPLATE ${escapeIdentifier(template)} OWNER ${role} ALLOW_CONNECTIONS false`);
}

/** The statements from which on the tenant's role can connect to its database, and no other. */
function opening({ id, databaseName }: TenantDatabase): string {
  const database = escapeIdentifier(databaseName);
  return `
    REVOKE ALL ON DATABASE ${database} FROM PUBLIC;
    COMMENT ON DATABASE ${database} IS ${escapeLiteral(ownershipComment(id))};
    ALTER DATABASE ${database} WITH ALLOW_CONNECTIONS true;`;
}
