import type { TenantStatus } from '@tenantry/prisma/control';
import { escapeIdentifier } from 'pg';
import { letIn } from '../../tenant-databases/closing.ts';
import { endSessions } from '../../tenant-databases/sessions.ts';
import { transitions } from '../../tenant-status.ts';
import { waitUntilDrained } from '../drain.ts';
import type { MoveStep, MoveWork } from '../move-work.ts';
import { replicationName } from '../replication/names.ts';
import { replay } from '../replication/replay.ts';
import { isReceiving } from '../replication/subscription.ts';
import { until } from '../until.ts';

/** Milliseconds within which the target takes in what was written by then: if it can, it will also do so while all wait. */
const closeMs = 1000;
const catchUpMs = 600_000;

/**
 * From now on the tenant's requests wait, and nobody can write where it is: no new one is let in, those under way end, and then its logins
 * are closed, whatever a process believes that has not heard of it.
 */
export const pauseStep: MoveStep = {
  name: 'pause',
  run: async (work) => {
    const { source, tenant, services } = work;
    if (work.way === 'REPLICATION') await catchUp(work);
    // Made by now, for that takes longer than to use it.
    await Promise.all([work.ownerUrl('source'), work.ownerUrl('target')]);
    if (work.facts.pausedAt === undefined) await work.remember({ pausedAt: Date.now() });
    await setStatus(work, transitions.migrate.from, transitions.migrate.to);
    await work.announce();
    await waitUntilDrained(source.pool, tenant.loginName, services.patience);
    await work.middle();
    await closeLogins(work);
  },
  undo: async (work) => {
    await work.on('source', async (session) => await letIn(session, work.tenant.loginName));
    const { from, to } = transitions.undoMigrating;
    const { id } = work.tenant;
    await work.saga.commit(async (tx) => {
      await tx.tenant.updateMany({ where: { id, status: { in: [...from] } }, data: { status: to, failedStep: null } });
    });
    await work.announce();
  },
};

async function catchUp(work: MoveWork): Promise<void> {
  const { signal } = work.longWork('pause');
  const isCaughtUp = async () => {
    await assertReceiving(work);
    return await replay(work, closeMs);
  };
  const isClose = await until(isCaughtUp, { intervalMs: 0, deadlineMs: catchUpMs, signal });
  if (!isClose) throw new Error(`The server of "${work.input.to}" does not take in what is written as fast as it is written.`);
}

/** @throws when Postgres has given the subscription up, which it does at the first row that it cannot take in */
async function assertReceiving({ target, tenant, saga, input }: MoveWork): Promise<void> {
  const name = replicationName(saga.id);
  if (await target.within(tenant.databaseName, async (client) => await isReceiving(client, name))) return;
  throw new Error(`The subscription ${name} was given up: the log of the server of "${input.to}" says why.`);
}

async function closeLogins(work: MoveWork): Promise<void> {
  const logins = new Set([work.tenant.roleName, work.tenant.loginName]);
  await work.on('source', async (session) => {
    for (const login of logins) await session.query(`ALTER ROLE ${escapeIdentifier(login)} NOLOGIN`);
    for (const login of logins) await endSessions(session, login);
  });
}

/** @throws when the tenant has another status, such as SUSPENDED: then it is not moved */
async function setStatus({ saga, tenant }: MoveWork, from: readonly TenantStatus[], to: TenantStatus): Promise<void> {
  const where = { id: tenant.id, status: { in: [...from, to] } };
  const { count } = await saga.commit(async (tx) => await tx.tenant.updateMany({ where, data: { status: to } }));
  if (count === 0) throw new Error(`The tenant "${tenant.slug}" was given another status while it was copied.`);
}
