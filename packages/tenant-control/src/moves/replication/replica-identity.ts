import type { Client } from 'pg';
import { quotedName, type Table } from '../../backups/tables.ts';
import { isLockTimeout } from '../../postgres/lock-timeout.ts';

type TableName = Pick<Table, 'schema' | 'name'>;

/** Milliseconds that a table is waited for; meanwhile nobody who comes later gets at it. */
const lockMs = 200;
const attempts = 50;

/** Has changes of a table without a key be told by all of a row. */
export async function identifyByAll(client: Client, table: TableName): Promise<void> {
  await setIdentity(client, table, 'FULL');
}

/** Undoes {@link identifyByAll}, for a table that had no other identity. */
export async function identifyByKey(client: Client, table: TableName): Promise<void> {
  await setIdentity(client, table, 'DEFAULT');
}

async function setIdentity(client: Client, table: TableName, identity: 'FULL' | 'DEFAULT'): Promise<void> {
  await client.query(`SET lock_timeout = ${lockMs}`);
  try {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await client.query(`ALTER TABLE ${quotedName(table)} REPLICA IDENTITY ${identity}`);
        return;
      } catch (error) {
        if (attempt === attempts || !isLockTimeout(error)) throw error;
      }
    }
  } finally {
    await client.query('SET lock_timeout = 0');
  }
}
