import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres, type EmbeddedPostgresOptions } from './embedded-postgres.ts';
import { readPostmasterFile } from './postmaster-file.ts';

/** A throw-away embedded Postgres. It may be stopped, and is then started again with the same data, on the same port. */
export interface DisposablePostgres extends AsyncDisposable {
  /** The administrator's connection URL, of the database `postgres`. */
  readonly url: string;
  /** Ends it and all its connections: `fast` as for a restart that was meant, `immediate` as in a crash. */
  stop(how: 'fast' | 'immediate'): Promise<void>;
  start(): Promise<void>;
  /**
   * Starts it so that it refuses each connection because it is starting up (57P03), for as long as one likes.
   *
   * @returns what has it go on, and serve
   */
  startSlowly(): Promise<() => Promise<void>>;
}

/** A throw-away embedded Postgres: fast, not durable, gone with all its data when disposed. */
export async function startDisposablePostgres({
  settings = {},
}: Pick<EmbeddedPostgresOptions, 'settings'> = {}): Promise<DisposablePostgres> {
  await using cleanup = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'tenantry-postgres-'));
  cleanup.defer(async () => await remove(directory));
  // Postgres runs as another user when we are root.
  await chmod(directory, 0o755);

  const options = { directory, password: randomBytes(18).toString('base64url'), durable: false, settings };
  let server = await startEmbeddedPostgres(options);
  const { url, port, directory: place } = server;
  cleanup.defer(async () => await remove(place));
  cleanup.defer(async () => await server[Symbol.asyncDispose]());
  const data = join(place, 'data');
  const signal = async (name: NodeJS.Signals) => {
    const file = await readPostmasterFile(data);
    if (file) process.kill(file.pid, name);
  };
  const start = async (more: Readonly<Record<string, string>> = {}) => {
    server = await startEmbeddedPostgres({ ...options, port, settings: { ...settings, ...more } });
  };
  let slowStart: Promise<void> | null = null;
  cleanup.defer(async () => {
    if (!slowStart) return;
    await signal('SIGQUIT');
    await slowStart.catch(() => {});
  });
  const owned = cleanup.move();
  return {
    url,
    stop: async (how) => {
      if (how === 'immediate') await signal('SIGQUIT');
      await server[Symbol.asyncDispose]();
    },
    start: async () => await start(),
    // A standby that is not hot serves nobody until it is promoted (PostgreSQL, 26.2.2 and `pg_ctl promote`).
    startSlowly: async () => {
      await writeFile(join(data, 'standby.signal'), '');
      slowStart = start({ hot_standby: 'off' });
      // Whoever has it go on is told.
      slowStart.catch(() => {});
      return async () => {
        await writeFile(join(data, 'promote'), '');
        await signal('SIGUSR1');
        await slowStart;
        slowStart = null;
      };
    },
    [Symbol.asyncDispose]: async () => await owned.disposeAsync(),
  };
}

async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}
