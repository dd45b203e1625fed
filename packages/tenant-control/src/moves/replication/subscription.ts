import { DatabaseError, escapeIdentifier, escapeLiteral, type Client } from 'pg';
import { listTables, quotedName } from '../../backups/tables.ts';
import { inTransaction } from '../../postgres/in-transaction.ts';
import type { SenderLogin } from './sender.ts';

export interface SubscribeOptions extends SenderLogin {
  /** Of the subscription, and of the publication and the slot that it reads. */
  readonly name: string;
  /** The administrator's URL of the published database: where its server is. */
  readonly sourceUrl: string;
}

/** Raised when the target's server cannot read what the source publishes, for example because it cannot reach it. */
export class SubscriptionRefusedError extends Error {
  override readonly name = 'SubscriptionRefusedError';
}

/** How far the tables are copied. */
export interface CopyState {
  readonly isEnabled: boolean;
  readonly done: number;
  readonly total: number;
  /** Rows of the tables that are being copied, so far. */
  readonly rows: number;
}

/**
 * Has a database take in all that another one publishes: first what is there, in the place of its own rows, then what changes.
 *
 * @param client of the administrator, in the database
 * @throws {SubscriptionRefusedError}
 */
export async function subscribe(client: Client, options: SubscribeOptions): Promise<void> {
  const { name } = options;
  const tables = await listTables(client);
  try {
    await inTransaction(client, async () => {
      if (tables.length > 0) await client.query(`TRUNCATE ${tables.map(quotedName).join(', ')}`);
      await client.query(`
        CREATE SUBSCRIPTION ${escapeIdentifier(name)} CONNECTION ${escapeLiteral(connectionOf(options))} PUBLICATION ${escapeIdentifier(name)}
        WITH (create_slot = false, slot_name = ${escapeLiteral(name)}, disable_on_error = true)`);
    });
  } catch (cause) {
    if (!(cause instanceof DatabaseError)) throw cause;
    throw new SubscriptionRefusedError(withoutPassword(cause.message, options), { cause: undefined });
  }
}

/** @returns null when there is no such subscription in this database */
export async function readCopyState(client: Client, name: string): Promise<CopyState | null> {
  const { rows } = await client.query<CopyState>(copyState, [name]);
  return rows[0] ?? null;
}

/** Takes in nothing any more; what was is there. The other side's slots stay. @param client of the administrator, in the database */
export async function unsubscribe(client: Client, name: string): Promise<void> {
  const { rowCount } = await client.query(ownSubscription, [name]);
  if (rowCount === 0) return;
  const subscription = escapeIdentifier(name);
  await client.query(`ALTER SUBSCRIPTION ${subscription} DISABLE`);
  await client.query(`ALTER SUBSCRIPTION ${subscription} SET (slot_name = NONE)`);
  await client.query(`DROP SUBSCRIPTION ${subscription}`);
}

/** As libpq reads it. The subscriber's server opens this connection: paths to certificates would be its own. */
function connectionOf({ sourceUrl, role, password }: SubscribeOptions): string {
  const { hostname, port, pathname, searchParams } = new URL(sourceUrl);
  const parameters = {
    host: decodeURIComponent(hostname).replaceAll(/^\[|\]$/g, ''),
    port: port === '' ? '5432' : port,
    dbname: decodeURIComponent(pathname.slice(1)),
    sslmode: searchParams.get('sslmode') ?? 'prefer',
    user: role,
    password,
    connect_timeout: '10',
  };
  return Object.entries(parameters)
    .map(([parameter, value]) => `${parameter}='${value.replaceAll(/['\\]/g, String.raw`\$&`)}'`)
    .join(' ');
}

function withoutPassword(message: string, { password }: SenderLogin): string {
  return message.replaceAll(password, '…');
}

const ownSubscription = `
  SELECT FROM pg_subscription WHERE subname = $1 AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())`;

const copyState = `
  SELECT subenabled AS "isEnabled",
    (SELECT count(*)::int FROM pg_subscription_rel WHERE srsubid = s.oid AND srsubstate = 'r') AS done,
    (SELECT count(*)::int FROM pg_subscription_rel WHERE srsubid = s.oid) AS total,
    (SELECT coalesce(sum(tuples_processed), 0)::float FROM pg_stat_progress_copy
     WHERE datname = current_database() AND pid IN (SELECT pid FROM pg_stat_subscription WHERE subid = s.oid)) AS rows
  FROM pg_subscription s WHERE subname = $1 AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())`;
