import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { withConnection } from '../postgres/connection.ts';
import { showingLife } from '../postgres/sign-of-life.ts';

/** Milliseconds that exporters get to end, whose database is gone. */
const patienceMs = 10_000;
const lookIntervalMs = 50;

/** Runs `work`, which writes an export of a tenant. @param work gets a `signal`, see {@link showingLife} */
export async function whileExporting<Result>(
  controlDatabaseUrl: string,
  tenantId: string,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  return await showingLife({ url: controlDatabaseUrl, name: nameOf(tenantId), isShared: true }, signal, work);
}

/**
 * Resolves when nobody writes an export of a tenant any more, by whoever has seen to it that nobody begins one.
 *
 * @throws when that takes long
 */
export async function untilNobodyExports(controlDatabaseUrl: string, tenantId: string): Promise<void> {
  const deadline = Date.now() + patienceMs;
  await withConnection(controlDatabaseUrl, async (client) => {
    // Who waits in line for the lock keeps those waiting who only want to be told that it is too late for an export.
    while (!(await isFree(client, tenantId))) {
      if (Date.now() >= deadline) throw new Error('An export of the tenant is still being written.');
      await sleep(lookIntervalMs);
    }
  });
}

async function isFree(client: Client, tenantId: string): Promise<boolean> {
  const { rows } = await client.query<{ isFree: boolean }>('SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS "isFree"', [
    nameOf(tenantId),
  ]);
  return rows[0]?.isFree === true;
}

function nameOf(tenantId: string): string {
  return `tenantry: exports of tenant ${tenantId}`;
}
