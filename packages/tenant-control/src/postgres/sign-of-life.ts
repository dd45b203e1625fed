import { withConnection } from './connection.ts';

/** Milliseconds between signs of life, so that nobody on the way takes the connection for forgotten. */
const signIntervalMs = 10_000;

/** Raised when others may take this process for dead. */
export class SignOfLifeLostError extends Error {
  override readonly name = 'SignOfLifeLostError';

  constructor() {
    super('The connection was lost that tells others that the work is being done.');
  }
}

export interface SignOfLife {
  /** Of the database where others look. */
  readonly url: string;
  /** Of the advisory lock. */
  readonly name: string;
  /** Whether several may do such work at the same time. */
  readonly isShared: boolean;
}

/**
 * Runs `work` under an advisory lock that ends with this process at the latest: whoever gets it finds what a process has left that died.
 *
 * @param work gets `signal`, which is aborted as well when the lock is lost: others may then remove what is written
 */
export async function showingLife<Result>(
  { url, name, isShared }: SignOfLife,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  return await withConnection(url, async (client) => {
    const lost = new AbortController();
    client.once('end', () => lost.abort(new SignOfLifeLostError()));
    await client.query(`SELECT pg_advisory_lock${isShared ? '_shared' : ''}(hashtextextended($1, 0))`, [name]);
    const signs = setInterval(() => void client.query('SELECT').catch(() => {}), signIntervalMs).unref();
    try {
      return await work(AbortSignal.any([lost.signal, ...(signal ? [signal] : [])]));
    } finally {
      clearInterval(signs);
    }
  });
}
