import { escapeIdentifier, escapeLiteral, type Client } from 'pg';
import { listTables, quotedName } from '../../backups/tables.ts';
import { actFor } from '../../postgres/act-for.ts';
import { scramVerifier } from '../../postgres/scram.ts';
import type { TenantDatabase } from '../../tenant-databases/database.ts';
import { newPassword } from '../../tenant-databases/owned-database.ts';
import { dropSlot } from './slot.ts';

/** What a subscription connects with. */
export interface SenderLogin {
  readonly role: string;
  readonly password: string;
}

/** Publishes every table of a database. */
export async function publish(client: Client, name: string): Promise<void> {
  const tables = await listTables(client);
  const list =
    tables.length === 0 ? '' : `FOR TABLE ${tables.map((table) => `${table.isPartitioned ? '' : 'ONLY '}${quotedName(table)}`).join(', ')}`;
  const { rowCount: published } = await client.query('SELECT FROM pg_publication WHERE pubname = $1', [name]);
  if (published !== 0) return;
  await client.query(`CREATE PUBLICATION ${escapeIdentifier(name)} ${list} WITH (publish_via_partition_root = true)`);
}

/**
 * Makes the role by which the subscription reads what is published, or gives it another password. It may replicate, and for that it has no
 * need of the tables: if it read them, what the tenant has put there would run with its rights.
 *
 * @param client in the database
 */
export async function makeSenderLogin(client: Client, { id, databaseName }: TenantDatabase, role: string): Promise<SenderLogin> {
  const password = newPassword();
  const name = escapeIdentifier(role);
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
  if (rowCount === 0) await client.query(`CREATE ROLE ${name} LOGIN REPLICATION NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS`);
  await client.query(`COMMENT ON ROLE ${name} IS ${escapeLiteral(`Tenantry: a move of tenant ${id}`)}`);
  await actFor(client, role);
  await client.query(`ALTER ROLE ${name} PASSWORD ${escapeLiteral(scramVerifier(password))}`);
  await client.query(`ALTER ROLE ${name} SET statement_timeout = 0`);
  await client.query(`GRANT CONNECT ON DATABASE ${escapeIdentifier(databaseName)} TO ${name}`);
  return { role, password };
}

/** Undoes {@link publish}, and drops the slot. @param client in the database */
export async function unpublish(client: Client, name: string): Promise<void> {
  await client.query(`DROP PUBLICATION IF EXISTS ${escapeIdentifier(name)}`);
  await dropSlot(client, name);
}
