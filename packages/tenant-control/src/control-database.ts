import { migrateDatabase } from '@tenantry/prisma';
import { DatabaseError, escapeIdentifier } from 'pg';
import { admitServiceRole } from './control-service-role.ts';
import { installJobs } from './jobs/jobs-schema.ts';
import { withAdvisoryLock } from './postgres/advisory-lock.ts';
import { closeToPublic } from './postgres/close-to-public.ts';
import { databaseUrl, withConnection } from './postgres/connection.ts';
import { sqlState } from './postgres/sql-state.ts';

/** The database that is there on every server, from which another can be created. */
const maintenanceDatabase = 'postgres';

export interface ControlDatabaseOptions {
  /**
   * The role of the services, if that is not the one of the URL: it is given the rights that they need, so that nothing they do can
   * change the schema or the audit log.
   */
  serviceRole?: string;
}

/**
 * Creates the control database if it is not there, brings it and its job queue to the newest schema, and closes it to roles that were not
 * let in. Safe to call from several processes at once.
 *
 * @param url of the role that owns the database, or is to
 * @throws {MigrationError}
 */
export async function prepareControlDatabase(url: string, { serviceRole }: ControlDatabaseOptions = {}): Promise<void> {
  const database = decodeURIComponent(new URL(url).pathname.slice(1));
  if (!(await exists(url))) await createDatabase(url, database);
  await migrateDatabase({ url, database: 'control' });
  await withConnection(url, async (client) => {
    await withAdvisoryLock(client, 'tenantry: close the control database', async () => {
      await installJobs(url);
      if (!(await closeToPublic(client, database))) {
        throw new Error(
          `Every role may connect to the control database ${database}. Let its owner say: REVOKE CONNECT ON DATABASE ${database} FROM PUBLIC`,
        );
      }
      if (serviceRole !== undefined) await admitServiceRole(client, database, serviceRole);
    });
  });
}

async function exists(url: string): Promise<boolean> {
  try {
    return await withConnection(url, async () => true);
  } catch (error) {
    if (error instanceof DatabaseError && error.code === sqlState.databaseMissing) return false;
    throw error;
  }
}

async function createDatabase(url: string, database: string): Promise<void> {
  try {
    await withConnection(databaseUrl(url, maintenanceDatabase), async (client) => {
      await client.query(`CREATE DATABASE ${escapeIdentifier(database)} TEMPLATE template0 ENCODING 'UTF8'`);
    });
  } catch (cause) {
    const code = cause instanceof DatabaseError ? cause.code : undefined;
    // Another process was faster; a second insert into pg_database fails by its index.
    if (code === sqlState.databaseExists || code === sqlState.uniqueViolation) return;
    throw new Error(`The control database ${database} does not exist and could not be created: let the server's administrator do it.`, {
      cause,
    });
  }
}
