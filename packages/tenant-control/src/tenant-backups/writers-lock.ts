import { Prisma } from '@tenantry/prisma/control';
import type { Client } from 'pg';
import { withConnection } from '../postgres/connection.ts';

const prefix = 'tenantry: backup ';

/** Milliseconds between signs of life, so that nobody on the way takes the connection for forgotten. */
const signIntervalMs = 10_000;

/** Raised when others may take this process, which writes a backup, for dead. */
export class WritersLockLostError extends Error {
  override readonly name = 'WritersLockLostError';

  constructor() {
    super('The connection was lost that tells others that the backup is being written.');
  }
}

/**
 * Runs `work`, which writes a backup, under a lock that ends with this process at the latest: whoever gets it finds what a process has left
 * that died.
 *
 * @param work gets `signal`, which is aborted as well when the lock is lost: others may then remove what is written
 */
export async function whileWriting<Result>(
  controlDatabaseUrl: string,
  backupId: string,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  return await withConnection(controlDatabaseUrl, async (client) => {
    const lost = new AbortController();
    client.once('end', () => lost.abort(new WritersLockLostError()));
    await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [nameOf(backupId)]);
    const signs = setInterval(() => void client.query('SELECT').catch(() => {}), signIntervalMs).unref();
    try {
      return await work(AbortSignal.any([lost.signal, ...(signal ? [signal] : [])]));
    } finally {
      clearInterval(signs);
    }
  });
}

/** Runs `work` if nobody writes the backup; nobody does before that has ended. @returns whether it was run */
export async function unlessWritten(client: Client, backupId: string, work: () => Promise<void>): Promise<boolean> {
  const { rows } = await client.query<{ free: boolean }>('SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS free', [
    nameOf(backupId),
  ]);
  if (rows[0]?.free !== true) return false;
  try {
    await work();
    return true;
  } finally {
    await client.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [nameOf(backupId)]);
  }
}

/** A condition of SQL: whether nobody writes the backup of an id, which is an expression. */
export function isUnwritten(id: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`pg_try_advisory_xact_lock(hashtextextended(${prefix} || ${id}::text, 0))`;
}

function nameOf(backupId: string): string {
  return prefix + backupId;
}
