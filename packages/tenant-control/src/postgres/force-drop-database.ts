import { DatabaseError, escapeIdentifier, type ClientBase } from 'pg';
import { sqlState } from './sql-state.ts';

/**
 * Drops a database, if it is there, and ends what sessions there are in it.
 *
 * @throws what Postgres throws when there is a session that this one's role may not end
 */
export async function forceDropDatabase(session: Pick<ClientBase, 'query'>, databaseName: string): Promise<void> {
  const drop = `DROP DATABASE IF EXISTS ${escapeIdentifier(databaseName)}`;
  try {
    await session.query(`${drop} WITH (FORCE)`);
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== sqlState.insufficientPrivilege) throw error;
    // By force only a superuser ends an autovacuum that comes by; without it, Postgres tells that to go and waits for some seconds.
    await session.query(drop);
  }
}
