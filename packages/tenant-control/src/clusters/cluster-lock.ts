import { DatabaseError, type ClientBase } from 'pg';
import { sessionDefaults } from '../postgres/connection.ts';
import { sqlState } from '../postgres/sql-state.ts';

/** The how many-th try of some work, of which all but the last have lost it. */
export interface Turn {
  /** Of the work: a UUID. */
  readonly id: string;
  /** Higher than that of every turn before. */
  readonly attempt: number;
}

type Session = Pick<ClientBase, 'query'>;

/** Milliseconds that sessions of earlier turns get to end by themselves: those of a process that was killed do, as soon as they can. */
const patienceMs = 1000;

/** Milliseconds that Postgres gets to end a session. */
const endDeadlineMs = 5000;

const key = 'hashtextextended($1, 0)';

/**
 * Waits for the advisory lock called `name`. Who has it may be a process that is paused, and lives on as far as Postgres knows: where that
 * had an earlier turn, and its session has not ended after a second, it is ended.
 */
export async function lockFor(session: Session, name: string, turn: Turn | null): Promise<void> {
  if (await tryToLock(session, name, turn)) return;
  if (turn) {
    if (await lockInTime(session, name)) return;
    await endEarlierTurns(session, turn);
  }
  await session.query(`SELECT pg_advisory_lock(${key})`, [name]);
}

/** Undoes {@link lockFor}. */
export async function unlock(session: Session, name: string): Promise<void> {
  const { application_name: usual } = sessionDefaults;
  await session.query(`SELECT pg_advisory_unlock(${key}), set_config('application_name', $2, false)`, [name, usual]);
}

/** What the session is called from now on says whose turn it is. */
async function tryToLock(session: Session, name: string, turn: Turn | null): Promise<boolean> {
  const { rows } = await session.query<{ locked: boolean }>(
    `SELECT set_config('application_name', coalesce($2, current_setting('application_name')), false), pg_try_advisory_lock(${key}) AS locked`,
    [name, turn && namePrefix(turn) + turn.attempt],
  );
  return rows[0]?.locked ?? false;
}

/** @returns false when it was waited for in vain */
async function lockInTime(session: Session, name: string): Promise<boolean> {
  await session.query(`SET lock_timeout = ${patienceMs}`);
  try {
    await session.query(`SELECT pg_advisory_lock(${key})`, [name]);
    return true;
  } catch (error) {
    if (error instanceof DatabaseError && error.code === sqlState.lockNotAvailable) return false;
    throw error;
  } finally {
    await session.query('RESET lock_timeout');
  }
}

async function endEarlierTurns(session: Session, turn: Turn): Promise<void> {
  await session.query(
    `SELECT pg_terminate_backend(pid, $3) FROM pg_stat_activity
     WHERE usename = current_user AND application_name IN (SELECT $1 || attempt FROM generate_series(1, $2 - 1) AS attempt)`,
    [namePrefix(turn), turn.attempt, endDeadlineMs],
  );
}

function namePrefix({ id }: Turn): string {
  return `tenantry:${id}#`;
}
