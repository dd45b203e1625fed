import type { ClientBase } from 'pg';

/** Runs `work` in a transaction of this connection's: what it throws undoes it. */
export async function inTransaction<Result>(client: Pick<ClientBase, 'query'>, work: () => Promise<Result>): Promise<Result> {
  await client.query('BEGIN');
  try {
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    // A connection that is lost has rolled back already.
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}
