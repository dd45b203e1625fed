import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from './embedded-postgres.ts';

/** A throw-away embedded Postgres: fast, not durable, gone with all its data when disposed. */
export async function startDisposablePostgres(): Promise<AsyncDisposable & { url: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'tenantry-postgres-'));
  const remove = async () => await rm(directory, { recursive: true, force: true });
  try {
    // Postgres runs as another user when we are root.
    await chmod(directory, 0o755);
    const server = await startEmbeddedPostgres({ directory, password: randomBytes(18).toString('base64url'), durable: false });
    return {
      url: server.url,
      [Symbol.asyncDispose]: async () => {
        await server[Symbol.asyncDispose]();
        await rm(server.directory, { recursive: true, force: true });
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
