import { Client, type ClientConfig } from 'pg';

const connectDeadlineMs = 5_000;
const statementDeadlineMs = 60_000;
/** Less than firewalls let pass before they forget a connection on which nothing is said. */
const aliveIntervalMs = 60_000;

export const sessionDefaults = {
  application_name: 'tenantry:control',
  connectionTimeoutMillis: connectDeadlineMs,
  statement_timeout: statementDeadlineMs,
  keepAlive: true,
  keepAliveInitialDelayMillis: aliveIntervalMs,
} as const satisfies ClientConfig;

/** Opens one connection, which is the caller's to end. */
export async function connect(url: string): Promise<Client> {
  const client = new Client({ ...sessionDefaults, connectionString: url });
  // A connection that breaks fails the query that runs, or the next one; without a listener it would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end();
    throw error;
  }
}

/** Opens one connection for the length of `work`. The server is told of its end, and ends it a moment later. */
export async function withConnection<Result>(url: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = await connect(url);
  try {
    return await work(client);
  } finally {
    endSoon(client);
  }
}

/** Ends a connection without waiting for that. */
export function endSoon(client: Client): void {
  client.end().catch(() => {});
}

/** `url` with another database, and optionally other credentials, on the same server. */
export function databaseUrl(url: string, database: string, credentials?: { user: string; password: string }): string {
  const result = new URL(url);
  result.pathname = `/${encodeURIComponent(database)}`;
  if (credentials) {
    result.username = encodeURIComponent(credentials.user);
    result.password = encodeURIComponent(credentials.password);
  }
  return result.href;
}
