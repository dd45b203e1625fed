import type { ConnectionFailure } from './connection-failure.ts';

/**
 * The SQLSTATE of all that PgBouncer says in its own name, and, up to 1.18, of what it passes on when a server refuses it: `08P01`,
 * protocol violation. What it means is in the words alone.
 */
export const poolerState = '08P01';

/**
 * In the order in which they are looked for. PgBouncer's words changed little from 1.8 to 1.25, but for capitals; it may put others'
 * words between its own: "server login has been failing, cached error: password authentication failed for … (server_login_retry)".
 */
const byWords: readonly (readonly [words: RegExp, ConnectionFailure | null])[] = [
  // Its `query_timeout` and `idle_transaction_timeout`: there was a connection, and it was used for too long.
  [/^(?:query timeout|(?:idle )?transaction timeout)/i, null],
  [/authentication failed|no such user|wrong password type|bouncer config error|permission denied for database/i, 'authentication'],
  [/cannot do SCRAM authentication|role ".*" (?:does not exist|is not permitted to log in)|no pg_hba\.conf entry/i, 'authentication'],
  [/no such database|database ".*" does not exist/i, 'missing-database'],
  [/query_wait_timeout|no more connections allowed|client connections exceeded|too many servers in the pool/i, 'overload'],
  [/too many connections for|too many clients already|remaining connection slots are reserved/i, 'overload'],
];

/** What an error with {@link poolerState} is about: mostly, that the pooler closed the connection, whatever it says of why. */
export function poolerFailure(message: string): ConnectionFailure | null {
  const known = byWords.find(([words]) => words.test(message));
  return known ? known[1] : 'unreachable';
}
