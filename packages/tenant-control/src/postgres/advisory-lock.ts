import type { ClientBase } from 'pg';

/** Runs `work` while no other connection to the same database holds the lock called `name`, which ends with its session at the latest. */
export async function withAdvisoryLock<Result>(client: ClientBase, name: string, work: () => Promise<Result>): Promise<Result> {
  await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [name]);
  try {
    return await work();
  } finally {
    // Without a session there is no lock; what matters is what `work` failed with.
    await client.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [name]).catch(() => {});
  }
}
