import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { escapeIdentifier, escapeLiteral, type ClientBase } from 'pg';
import type { ClusterAdmin } from '../clusters/cluster-admin.ts';
import { withOwnSession } from '../clusters/own-session.ts';
import { actFor } from '../postgres/act-for.ts';
import { databaseUrl } from '../postgres/connection.ts';
import { inTransaction } from '../postgres/in-transaction.ts';
import { membershipOptions } from '../postgres/membership.ts';
import { scramVerifier } from '../postgres/scram.ts';
import type { TenantDatabase } from '../tenant-databases/database.ts';
import { dropLogin, findLogins, loginComment, type TenantLoginRole } from '../tenant-databases/login.ts';
import { newPassword } from '../tenant-databases/owned-database.ts';

/** What follows the owner's name in that of a stand-in. */
const standInName = /_own_[0-9a-f]{8}$/;
const nameBytes = 4;

/** Milliseconds within which Postgres has noticed that a process is gone, and between looks whether it has. */
const noticeMs = 2000;
const lookAgainMs = 50;

/** Other bounds than the tenant's own: what is done so may take long. */
const options = '-c statement_timeout=0 -c idle_in_transaction_session_timeout=0';

/**
 * Runs `work` with the URL of a tenant's database for a login that acts as the role which owns it. That login, the owner's stand-in, is made
 * for it, whether or not the tenant can sign in at the moment, and is dropped in the end with its sessions.
 *
 * Whatever reads or writes a tenant's tables does it so: functions of the tenant's run with the rights of the session's role, as soon as a
 * query is planned, and can leave a role that the session was only told to take.
 *
 * @throws what `work` throws, and Postgres's errors where the stand-in cannot be made
 */
export async function asOwner<Result>(
  admin: ClusterAdmin,
  tenant: TenantDatabase,
  work: (url: string) => Promise<Result>,
): Promise<Result> {
  await dropAbandoned(admin, tenant).catch(() => {});
  const standIn = { ...tenant, loginName: `${tenant.roleName}_own_${randomBytes(nameBytes).toString('hex')}` };
  return await holding(admin, standIn.loginName, async (session) => {
    const password = newPassword();
    try {
      await makeStandIn(session, standIn, password);
      const url = new URL(databaseUrl(admin.url(tenant.databaseName), tenant.databaseName, { user: standIn.loginName, password }));
      url.searchParams.set('options', options);
      return await work(url.href);
    } finally {
      // By other connections: that of the session may have broken meanwhile. One that stays is dropped by whoever is next, or the doctor.
      await dropLogin(admin, admin.pool, standIn).catch(() => {});
    }
  });
}

/** Whether a login is one that {@link asOwner} has made. */
export function isStandIn(loginName: string): boolean {
  return standInName.test(loginName);
}

/** Whether a stand-in is there whose process has died. */
export async function isAbandoned(admin: ClusterAdmin, loginName: string): Promise<boolean> {
  return await unlessHeld(admin, loginName, async (session) => {
    const { rowCount } = await session.query('SELECT FROM pg_roles WHERE rolname = $1', [loginName]);
    return rowCount === 1;
  });
}

/** Drops the stand-ins of a tenant's owner whose process has died. @returns their names */
export async function dropAbandoned(admin: ClusterAdmin, tenant: TenantDatabase): Promise<string[]> {
  const dropped: string[] = [];
  for (const { loginName } of await findLogins(admin.pool, tenant.id)) {
    if (!isStandIn(loginName)) continue;
    const isDropped = await unlessHeld(admin, loginName, async (session) => {
      await dropLogin(admin, session, { ...tenant, loginName });
      return true;
    });
    if (isDropped) dropped.push(loginName);
  }
  return dropped;
}

/** Drops the stand-ins of a process that was killed just now, which Postgres takes a moment to notice. One that stays is the doctor's. */
export async function dropAbandonedSoon(admin: ClusterAdmin, tenant: TenantDatabase): Promise<void> {
  const deadline = performance.now() + noticeMs;
  for (;;) {
    await dropAbandoned(admin, tenant);
    const logins = await findLogins(admin.pool, tenant.id);
    if (!logins.some(({ loginName }) => isStandIn(loginName)) || performance.now() > deadline) return;
    await sleep(lookAgainMs);
  }
}

/** @returns what `work` does, which nobody begins to use the stand-in beside; false when somebody uses it */
async function unlessHeld(admin: ClusterAdmin, loginName: string, work: (session: ClientBase) => Promise<boolean>): Promise<boolean> {
  const session = await admin.pool.connect();
  try {
    const { rows } = await session.query<{ isFree: boolean }>('SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS "isFree"', [
      lockOf(loginName),
    ]);
    const result = rows[0]?.isFree === true && (await work(session));
    if (rows[0]?.isFree === true) await session.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [lockOf(loginName)]);
    session.release();
    return result;
  } catch (error) {
    session.release(true);
    throw error;
  }
}

/** All or nothing. By inheritance the owner's right to connect is the stand-in's: to grant it would be in the way of other grants. */
async function makeStandIn(session: ClientBase, { id, roleName, loginName }: TenantLoginRole, password: string): Promise<void> {
  const [role, owner] = [escapeIdentifier(loginName), escapeIdentifier(roleName)];
  await inTransaction(session, async () => {
    await session.query(`
      CREATE ROLE ${role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE INHERIT NOREPLICATION NOBYPASSRLS
        PASSWORD ${escapeLiteral(scramVerifier(password))};
      COMMENT ON ROLE ${role} IS ${escapeLiteral(loginComment(id))};
      GRANT ${owner} TO ${role} ${await membershipOptions(session, 'INHERIT')};
      ALTER ROLE ${role} SET role = ${escapeLiteral(roleName)}`);
    await actFor(session, loginName);
  });
}

/** Runs `work` with a session, and for as long as it lasts, nobody takes the stand-in for abandoned. */
async function holding<Result>(admin: ClusterAdmin, loginName: string, work: (session: ClientBase) => Promise<Result>): Promise<Result> {
  return await withOwnSession(admin, async (session) => {
    await session.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [lockOf(loginName)]);
    return await work(session);
  });
}

function lockOf(loginName: string): string {
  return `tenantry: login ${loginName}`;
}
