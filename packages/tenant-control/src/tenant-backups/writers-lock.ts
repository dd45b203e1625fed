import { Prisma } from '@tenantry/prisma/control';
import type { Client } from 'pg';
import { showingLife } from '../postgres/sign-of-life.ts';

const prefix = 'tenantry: backup ';

/** Runs `work`, which writes a backup. @param work gets a `signal`, see {@link showingLife} */
export async function whileWriting<Result>(
  controlDatabaseUrl: string,
  backupId: string,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  return await showingLife({ url: controlDatabaseUrl, name: nameOf(backupId), isShared: false }, signal, work);
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
