import type { Client } from 'pg';
import { withConnection } from '../postgres/connection.ts';

/**
 * What a session needs, whatever its role, its database and its server are set to, to read and write a whole database: no bound on time,
 * and the one spelling of every value that any other server reads as the same value.
 */
const settings = {
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  lock_timeout: '0',
  transaction_timeout: '0',
  // A backend whose client has gone notices in the middle of a long statement.
  client_connection_check_interval: '1s',
  client_encoding: 'UTF8',
  array_nulls: 'on',
  quote_all_identifiers: 'off',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  extra_float_digits: '1',
  bytea_output: 'hex',
  lc_monetary: 'C',
  xmloption: 'content',
  // A policy that hides rows is an error, not a backup without them.
  row_security: 'off',
};

/** Those that the server has. */
const applySettings = `
  SELECT set_config(name, wanted.value, false) FROM pg_settings JOIN json_each_text($1) AS wanted(parameter, value) ON lower(name) = lower(parameter)`;

/** Opens one connection for the length of `work`, with no bound on time but `signal`. */
export async function withSession<Result>(
  url: string,
  signal: AbortSignal | undefined,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  signal?.throwIfAborted();
  try {
    return await withConnection(url, async (client) => {
      // A statement that runs is cut off, and Postgres undoes the transaction.
      const cutOff = () => void client.end().catch(() => {});
      signal?.addEventListener('abort', cutOff, { once: true });
      try {
        signal?.throwIfAborted();
        await client.query(applySettings, [JSON.stringify(settings)]);
        return await work(client);
      } finally {
        signal?.removeEventListener('abort', cutOff);
      }
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** Runs `work` in one snapshot of the whole database, which waits for nobody and which nobody waits for. */
export async function withSnapshot<Result>(
  url: string,
  signal: AbortSignal | undefined,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  return await withSession(url, signal, async (client) => {
    // Names of types and tables come out with their schemas.
    await client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL search_path = ''`);
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  });
}
