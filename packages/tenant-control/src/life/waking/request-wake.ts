import { randomUUID } from 'node:crypto';
import type { Prisma, PrismaClient } from '@tenantry/prisma/control';
import { canonicalUuid } from '@tenantry/service';
import { writeAudit } from '../../catalog/audit.ts';
import { leaveSaga } from '../../sagas/leave-saga.ts';
import { allows, transitions } from '../../tenant-status.ts';
import { findSagaUnderWay, lockTenant } from '../locked-tenant.ts';

/** Who wakes a tenant when it is asked for. Whoever asked is a tenant's own user, who changes nothing by it that others could see. */
const onDemand = { issuer: 'tenantry', subject: 'on demand' };

/** After a waking that failed, whoever asks for the tenant does not have it tried again so soon. */
const pauseMs = 30_000;

/**
 * Has a tenant that hibernates be woken by a process that can: for those who cannot, and found it so. Costs one statement where there is
 * nothing to do.
 *
 * @returns whether that has begun by this call. Everybody has to be told then: those who wake tenants hear of it that way
 */
export async function requestWake(db: PrismaClient, tenantId: string): Promise<boolean> {
  const id = canonicalUuid(tenantId);
  const hibernates = id !== null && (await db.tenant.count({ where: { id, status: { in: [...transitions.wake.from] } } })) === 1;
  if (!hibernates) return false;
  return await db.$transaction(async (tx) => {
    const { status: from, hibernation, now } = await lockTenant(tx, id);
    if (!allows(from, 'wake') || (await findSagaUnderWay(tx, id)) || (await hasFailedSince(tx, id, now.getTime() - pauseMs))) return false;
    const saga = randomUUID();
    const actor = { ...onDemand, requestId: saga };
    await tx.tenant.update({ where: { id }, data: { status: transitions.wake.to }, select: { id: true } });
    await leaveSaga(tx, { id: saga, kind: 'WAKE', tenantId: id, input: { hibernation: hibernation ?? 'CLOSED' }, actor });
    await writeAudit(tx, { ...actor, action: 'tenant.wake', tenantId: id, outcome: 'ALLOWED', detail: { from } });
    return true;
  });
}

async function hasFailedSince(tx: Prisma.TransactionClient, tenantId: string, since: number): Promise<boolean> {
  return (await tx.saga.count({ where: { tenantId, kind: 'WAKE', state: 'UNDONE', finishedAt: { gt: new Date(since) } } })) > 0;
}
