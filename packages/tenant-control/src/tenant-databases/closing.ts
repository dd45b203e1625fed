import { setTimeout as sleep } from 'node:timers/promises';
import { escapeIdentifier, type ClientBase } from 'pg';
import { endAll } from './sessions.ts';

type Administrator = Pick<ClientBase, 'query'>;

const lookIntervalMs = 50;

/** Sessions in the database $1 but this one. Not everybody is told what kind each is; those of the server itself are nobody's. */
const ofOthers = `FROM pg_stat_activity WHERE datname = $1 AND usesysid IS NOT NULL AND pid <> pg_backend_pid()`;

/** Those of them that this one's role may end: not everybody those in which a pooler looks up how tenants sign in. */
const ofSubjects = `${ofOthers} AND (
  pg_has_role(usesysid, 'USAGE')
  OR pg_has_role('pg_signal_backend', 'USAGE') AND NOT (SELECT rolsuper FROM pg_roles WHERE oid = usesysid))`;

/** Waits until no session is in the middle of anything in the database, but not for longer than `deadlineMs`. */
export async function waitUntilQuiet(administrator: Administrator, databaseName: string, deadlineMs: number): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const { rowCount } = await administrator.query(`SELECT ${ofSubjects} AND state <> 'idle' LIMIT 1`, [databaseName]);
    if (rowCount === 0 || Date.now() >= deadline) return;
    await sleep(lookIntervalMs);
  }
}

/** From now on nobody connects to the database, and nobody is. @throws when a session could not be ended */
export async function closeDatabase(administrator: Administrator, databaseName: string): Promise<void> {
  await administrator.query(`ALTER DATABASE ${escapeIdentifier(databaseName)} WITH ALLOW_CONNECTIONS false`);
  await endAll(administrator, ofSubjects, databaseName);
}

/** Undoes {@link closeDatabase}. */
export async function openDatabase(administrator: Administrator, databaseName: string): Promise<void> {
  await administrator.query(`ALTER DATABASE ${escapeIdentifier(databaseName)} WITH ALLOW_CONNECTIONS true`);
}

/**
 * From now on the tenant's role does not sign in, and nobody is in its database; the cluster's administrator can connect.
 *
 * @throws when a session could not be ended, or may not be
 */
export async function shutOut(administrator: Administrator, loginName: string, databaseName: string): Promise<void> {
  await administrator.query(`ALTER ROLE ${escapeIdentifier(loginName)} NOLOGIN`);
  await endAll(administrator, ofSubjects, databaseName);
  await assertEmptied(administrator, databaseName);
}

/** @throws when there is a session in the database, which is one that the administrator may not end */
export async function assertEmptied(administrator: Administrator, databaseName: string): Promise<void> {
  const { rows } = await administrator.query<{ role: string; administrator: string }>(
    `SELECT usename AS role, current_user AS administrator ${ofOthers}`,
    [databaseName],
  );
  const [left] = rows;
  if (!left) return;
  throw new Error(
    `The administrator may not end the session of the role "${left.role}" in the database ${databaseName}, which keeps it from being ` +
      `dropped or renamed: let a superuser say GRANT pg_signal_backend TO ${escapeIdentifier(left.administrator)}`,
  );
}

/** Undoes {@link shutOut}. */
export async function letIn(administrator: Administrator, loginName: string): Promise<void> {
  await administrator.query(`ALTER ROLE ${escapeIdentifier(loginName)} LOGIN`);
}
