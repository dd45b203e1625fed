import { escapeIdentifier, escapeLiteral, type ClientBase } from 'pg';
import type { ClusterAdmin } from '../clusters/cluster-admin.ts';
import type { Template } from '../clusters/template.ts';

/** A tenant's database by its names. */
export interface TenantDatabase {
  /** Of the tenant; of the tenant to be, for a database on the shelf. */
  readonly id: string;
  readonly databaseName: string;
  readonly roleName: string;
}

export interface CloneOptions {
  admin: ClusterAdmin;
  /** Whose statements no other provisioning of the same tenant runs beside. */
  session: ClientBase;
  template: Template;
  /** Called when the clone is there, and nobody can connect to it. */
  onClone?: () => Promise<void>;
  /** Called when the tenant's role can connect to it, and nothing in it is the tenant's yet. */
  onOpen?: () => Promise<void>;
}

/** Makes the database that everything of a tenant is in, as a clone of the template; what a former attempt has made is gone on with. */
export async function cloneDatabase(tenant: TenantDatabase, { admin, session, template, onClone, onOpen }: CloneOptions): Promise<void> {
  const { rows } = await session.query<{ datallowconn: boolean }>('SELECT datallowconn FROM pg_database WHERE datname = $1', [
    tenant.databaseName,
  ]);
  if (!rows[0]) await clone(session, template, tenant);
  await onClone?.();
  if (!rows[0]?.datallowconn) await open(session, tenant);
  await onOpen?.();
  await admin.within(tenant.databaseName, async (client) => {
    await client.query(`REASSIGN OWNED BY ${escapeIdentifier(template.owner)} TO ${escapeIdentifier(tenant.roleName)}`);
  });
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
  await open(session, tenant);
}

export async function dropDatabase(session: ClientBase, databaseName: string): Promise<void> {
  await session.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(databaseName)} WITH (FORCE)`);
}

/** Whether a database is there and can be connected to. */
export async function acceptsConnections(session: Pick<ClientBase, 'query'>, databaseName: string): Promise<boolean> {
  const { rowCount } = await session.query('SELECT FROM pg_database WHERE datname = $1 AND datallowconn', [databaseName]);
  return rowCount === 1;
}

/** What a database's comment says of whose it is. */
export function ownershipComment(tenantId: string): string {
  return `Tenantry: tenant ${tenantId}`;
}

/** Nobody can connect to the clone yet: a database is born open to every role. */
async function clone(session: ClientBase, { database: template }: Template, { databaseName, roleName }: TenantDatabase): Promise<void> {
  const [database, role] = [escapeIdentifier(databaseName), escapeIdentifier(roleName)];
  await session.query(`CREATE DATABASE ${database} TEMPLATE ${escapeIdentifier(template)} OWNER ${role} ALLOW_CONNECTIONS false`);
}

async function open(session: ClientBase, { id, databaseName }: TenantDatabase): Promise<void> {
  const database = escapeIdentifier(databaseName);
  await session.query(`
    REVOKE ALL ON DATABASE ${database} FROM PUBLIC;
    COMMENT ON DATABASE ${database} IS ${escapeLiteral(ownershipComment(id))};
    ALTER DATABASE ${database} WITH ALLOW_CONNECTIONS true;
  `);
}
