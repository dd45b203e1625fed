import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '@tenantry/prisma/control';
import type { Logger } from '@tenantry/service';
import { Pool } from 'pg';

/** A connection pool of its own to the control database, by Prisma. */
export interface ControlClient extends AsyncDisposable {
  readonly db: PrismaClient;
  /** The same connections, for statements that Prisma does not make. */
  readonly pool: Pool;
}

/** Connections that one process opens to the control database at most, per client. */
const maxConnections = 5;
const connectDeadlineMs = 5_000;
const statementDeadlineMs = 10_000;

export interface ControlClientOptions {
  url: string;
  /** As it shows in `pg_stat_activity`. */
  applicationName: string;
  logger: Logger;
}

/** Connects when it is first used. */
export function openControlClient({ url, applicationName, logger }: ControlClientOptions): ControlClient {
  const pool = new Pool({
    connectionString: url,
    application_name: applicationName,
    max: maxConnections,
    connectionTimeoutMillis: connectDeadlineMs,
    statement_timeout: statementDeadlineMs,
    // A process that stands still in the middle of a transaction keeps nobody from the rows that it has locked.
    idle_in_transaction_session_timeout: statementDeadlineMs,
  });
  pool.on('error', (error) => {
    // `end` does not wait for the server to close: what breaks after it was on its way out.
    if (!pool.ending) logger.warn({ err: error }, 'an idle connection to the control database broke');
  });
  // One that breaks while somebody has it fails their statement; without a listener it would end the process.
  pool.on('connect', (client) => client.on('error', () => {}));
  const db = new PrismaClient({
    adapter: new PrismaPg(pool),
    transactionOptions: { maxWait: connectDeadlineMs, timeout: statementDeadlineMs },
  });
  return {
    db,
    pool,
    [Symbol.asyncDispose]: async () => {
      await db.$disconnect();
      await pool.end();
    },
  };
}
