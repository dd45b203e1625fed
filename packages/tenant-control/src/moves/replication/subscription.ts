import { DatabaseError, escapeIdentifier, escapeLiteral, type Client } from 'pg';
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

/**
 * Prepares a database to take in all that another one publishes, once it is told to {@link receive}. Its tables' rows are not copied: this
 * role's right to replicate would be there for whatever the tenant has put into the tables.
 *
 * @param client of the administrator, in the database
 * @throws {SubscriptionRefusedError}
 */
export async function subscribe(client: Client, options: SubscribeOptions): Promise<void> {
  const { name } = options;
  try {
    await client.query(`
      CREATE SUBSCRIPTION ${escapeIdentifier(name)} CONNECTION ${escapeLiteral(connectionOf(options))} PUBLICATION ${escapeIdentifier(name)}
      WITH (enabled = false, create_slot = false, slot_name = ${escapeLiteral(name)}, copy_data = false, disable_on_error = true)`);
  } catch (cause) {
    if (!(cause instanceof DatabaseError)) throw cause;
    throw new SubscriptionRefusedError(withoutPassword(cause.message, options), { cause: undefined });
  }
}

/** From now on what is written on the other side, since its slot was made, is taken in. @param client of the administrator, in the database */
export async function receive(client: Client, name: string): Promise<void> {
  await client.query(`ALTER SUBSCRIPTION ${escapeIdentifier(name)} ENABLE`);
}

/** Whether what is published is taken in; null when there is no such subscription in this database. */
export async function isReceiving(client: Client, name: string): Promise<boolean | null> {
  const { rows } = await client.query<{ isEnabled: boolean }>(ownSubscription, [name]);
  return rows[0]?.isEnabled ?? null;
}

/** Takes in nothing any more; what was is there. The other side's slot stays. @param client of the administrator, in the database */
export async function unsubscribe(client: Client, name: string): Promise<void> {
  if ((await isReceiving(client, name)) === null) return;
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
  SELECT subenabled AS "isEnabled" FROM pg_subscription
  WHERE subname = $1 AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())`;
