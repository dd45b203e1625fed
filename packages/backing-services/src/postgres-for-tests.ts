import { Client } from 'pg';
import { startPostgresContainer } from './containers.ts';
import { startDisposablePostgres } from './disposable-postgres.ts';
import { byUrl, openFirst, type TestServer, type Way } from './test-server.ts';
import type { TestServerSettings } from './test-server-settings.ts';

/** What the test files, running side by side, may have open at once. */
const connectionsNeeded = 300;

/**
 * A Postgres for a test run: the one named by URL, else one in Docker, else an embedded one.
 *
 * @throws {ServerAbsentError} where the one kind asked for is not to be had
 */
export async function openPostgresForTests({ postgresUrl, postgresImage: image, only }: TestServerSettings): Promise<TestServer> {
  const ways: Way[] = [
    byUrl('TEST_POSTGRES_URL', postgresUrl),
    { kind: 'docker', name: `Docker (${image})`, open: async () => await startPostgresContainer(image, connectionsNeeded) },
    { kind: 'embedded', name: 'embedded', open: startDisposablePostgres },
  ];
  return await openFirst(ways, only, checkVersion);
}

/** Tests make databases and roles, and many connections. */
async function checkVersion(url: string): Promise<string> {
  const client = new Client({ connectionString: url });
  try {
    await client.connect();
    const { rows } = await client.query<{ version: string; connections: number; superuser: boolean }>(
      `SELECT split_part(current_setting('server_version'), ' ', 1) AS version, current_setting('max_connections')::int AS connections,
              rolsuper AS superuser FROM pg_roles WHERE rolname = current_user`,
    );
    const [row] = rows;
    if (!row?.superuser) throw new Error('its user is not a superuser');
    if (row.connections < connectionsNeeded)
      throw new Error(`max_connections is ${row.connections}, and must be at least ${connectionsNeeded}`);
    return row.version;
  } finally {
    await client.end();
  }
}
