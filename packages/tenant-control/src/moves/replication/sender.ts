import { escapeIdentifier, escapeLiteral, type Client } from 'pg';
import { listTables, quotedName } from '../../backups/tables.ts';
import { actFor } from '../../postgres/act-for.ts';
import { scramVerifier } from '../../postgres/scram.ts';
import type { TenantDatabase } from '../../tenant-databases/database.ts';
import { newPassword } from '../../tenant-databases/owned-database.ts';

/** What a subscription connects with. */
export interface SenderLogin {
  readonly role: string;
  readonly password: string;
}

/** Milliseconds for the transactions of a whole server to end that were open when a slot is made. */
const slotDeadlineMs = 120_000;

/** Publishes every table of a database, and keeps what is written from now on until it was read. What is there stays. */
export async function publish(client: Client, name: string): Promise<void> {
  const tables = await listTables(client);
  const list =
    tables.length === 0 ? '' : `FOR TABLE ${tables.map((table) => `${table.isPartitioned ? '' : 'ONLY '}${quotedName(table)}`).join(', ')}`;
  const { rowCount: published } = await client.query('SELECT FROM pg_publication WHERE pubname = $1', [name]);
  if (published === 0) {
    await client.query(`CREATE PUBLICATION ${escapeIdentifier(name)} ${list} WITH (publish_via_partition_root = true)`);
  }
  const { rowCount: slots } = await client.query('SELECT FROM pg_replication_slots WHERE slot_name = $1', [name]);
  if (slots !== 0) return;
  await client.query(`SET statement_timeout = ${slotDeadlineMs}`);
  await client.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [name]);
  await client.query('SET statement_timeout = 0');
}

/**
 * Makes the role by which the subscription reads what is published, or gives it another password: it may read the tables of this one
 * database, and replicate.
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
  const tables = await listTables(client);
  for (const schema of new Set(tables.map((table) => table.schema))) {
    await client.query(`GRANT USAGE ON SCHEMA ${escapeIdentifier(schema)} TO ${name}`);
  }
  if (tables.length > 0) await client.query(`GRANT SELECT ON ${tables.map(quotedName).join(', ')} TO ${name}`);
  return { role, password };
}

/**
 * Undoes {@link publish}.
 *
 * @param client in the database
 * @param receiver `system_identifier` of the server that has subscribed
 */
export async function unpublish(client: Client, name: string, receiver: string): Promise<void> {
  await client.query(`DROP PUBLICATION IF EXISTS ${escapeIdentifier(name)}`);
  await dropSlots(client, name, receiver);
}

/** Those by which single tables were copied, too, if they were left. */
async function dropSlots(client: Client, name: string, receiver: string): Promise<void> {
  const { rows } = await client.query<{ slot: string }>(ownSlots, [name, receiver]);
  for (const { slot } of rows) await dropSlot(client, slot);
}

/** With the connection that reads it. */
export async function dropSlot(session: Pick<Client, 'query'>, slot: string): Promise<void> {
  await session.query(endSender, [slot]);
  await session.query('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1', [slot]);
}

/** Of this database. Postgres names those for single tables itself (`ReplicationSlotNameForTablesync`), with the server that has asked. */
const ownSlots = `
  SELECT slot_name AS slot FROM pg_replication_slots
  WHERE database = current_database() AND plugin = 'pgoutput'
    AND (slot_name = $1 OR slot_name ~ ('^pg_[0-9]+_sync_[0-9]+_' || $2 || '$'))`;

/** Waits until it has ended. */
const endSender = `
  SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots WHERE slot_name = $1 AND active_pid IS NOT NULL`;
