import { Logger as WorkerLogger, runMigrations } from 'graphile-worker';
import { escapeIdentifier, Pool, type ClientBase } from 'pg';

/** Where graphile-worker keeps its tables, in the control database. */
export const jobsSchema = 'tenantry_jobs';

const statementDeadlineMs = 60_000;

/**
 * Makes the schema of the job queue, or brings it to what this release's graphile-worker wants.
 *
 * @param url of the control database, as its owner
 */
export async function installJobs(url: string): Promise<void> {
  const pool = new Pool({ connectionString: url, max: 1, statement_timeout: statementDeadlineMs });
  // Listeners that graphile-worker asks for; what breaks fails the statement that runs, or the next one.
  pool.on('error', () => {}).on('connect', (client) => client.on('error', () => {}));
  try {
    await runMigrations({ pgPool: pool, schema: jobsSchema, logger: new WorkerLogger(() => () => {}) });
  } finally {
    await pool.end();
  }
}

/** Statements that let `role` queue jobs and run them, and not change the queue's definition. For a role that is not the owner. */
export async function jobRights(client: ClientBase, role: string): Promise<string[]> {
  const name = escapeIdentifier(role);
  return [
    `GRANT USAGE ON SCHEMA ${jobsSchema} TO ${name}`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${jobsSchema} TO ${name}`,
    `REVOKE ALL ON ${jobsSchema}.migrations FROM ${name}`,
    `GRANT SELECT ON ${jobsSchema}.migrations TO ${name}`,
    // graphile-worker shows the rows of its tables to their owner alone.
    ...(await guardedTables(client)).flatMap((table) => [
      `DROP POLICY IF EXISTS services ON ${table}`,
      `CREATE POLICY services ON ${table} TO ${name} USING (true)`,
    ]),
  ];
}

async function guardedTables(client: ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT oid::regclass::text AS name FROM pg_class WHERE relnamespace = $1::regnamespace AND relrowsecurity ORDER BY 1',
    [jobsSchema],
  );
  return rows.map(({ name }) => name);
}
