import type { Logger } from '@tenantry/service';
import { Pool, type ClientConfig } from 'pg';

export interface NotifierOptions {
  connection: ClientConfig;
  channel: string;
  logger: Logger;
}

/** Publishes on one channel of Postgres. Connects when it is used, and stays connected for a while. */
export interface Notifier extends AsyncDisposable {
  /** Publishes all of them or none, each of fewer than 8000 bytes (`NOTIFY`). @throws when the database does not answer */
  publish(messages: readonly string[]): Promise<void>;
}

const idleMs = 10_000;

export function openNotifier({ connection, channel, logger }: NotifierOptions): Notifier {
  const pool = new Pool({ ...connection, max: 1, idleTimeoutMillis: idleMs, allowExitOnIdle: true });
  pool.on('error', (err) => logger.warn({ err, channel }, 'an idle connection for messages was lost'));
  const statement = `SELECT pg_notify('${channel}', message) FROM unnest($1::text[]) AS message`;
  return {
    publish: async (messages) => void (await pool.query(statement, [messages])),
    [Symbol.asyncDispose]: async () => {
      if (!pool.ended) await pool.end();
    },
  };
}
