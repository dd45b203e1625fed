import { randomUUID } from 'node:crypto';
import type { Prisma, PrismaClient } from '@tenantry/prisma/control';
import { canonicalUuid } from '@tenantry/service';
import { writeAudit } from '../../catalog/audit.ts';
import { leaveSaga } from '../../sagas/leave-saga.ts';
import { transitions } from '../../tenant-status.ts';
import { lockTenant } from '../locked-tenant.ts';

/** Who wakes a tenant when it is asked for. Whoever asked is a tenant's own user, who changes nothing by it that others could see. */
const onDemand = { issuer: 'tenantry', subject: 'on demand' };

/** After a waking that failed, whoever asks for the tenant does not have it tried again so soon. */
const pauseMs = 30_000;

/**
 * Has a tenant that hibernates be woken by a process that can: for those who cannot, and found it so. Costs one statement, and no lock,
 * where there is nothing to do.
 *
 * @returns whether that has begun by this call. Everybody has to be told then: those who wake tenants hear of it that way
 */
export async function requestWake(db: PrismaClient, tenantId: string): Promise<boolean> {
  const id = canonicalUuid(tenantId);
  if (id === null || !(await mayBeWoken(db, id))) return false;
  return await db.$transaction(async (tx) => {
    const { status: from, hibernation } = await lockTenant(tx, id);
    if (!(await mayBeWoken(tx, id))) return false;
    const saga = randomUUID();
    const actor = { ...onDemand, requestId: saga };
    await tx.tenant.update({ where: { id }, data: { status: transitions.wake.to }, select: { id: true } });
    await leaveSaga(tx, { id: saga, kind: 'WAKE', tenantId: id, input: { hibernation: hibernation ?? 'CLOSED' }, actor });
    await writeAudit(tx, { ...actor, action: 'tenant.wake', tenantId: id, outcome: 'ALLOWED', detail: { from } });
    return true;
  });
}

/** Whether a tenant hibernates, nothing is under way with it, and no waking has failed just now. */
async function mayBeWoken(db: Pick<Prisma.TransactionClient, '$queryRaw'>, id: string): Promise<boolean> {
  const found = await db.$queryRaw<unknown[]>`
    SELECT FROM tenants WHERE id = ${id}::uuid AND status = ANY(${[...transitions.wake.from]}::"TenantStatus"[])
      AND NOT EXISTS (SELECT FROM sagas WHERE tenant_id = tenants.id AND (state IN ('RUNNING', 'UNDOING')
        OR kind = 'WAKE' AND state = 'UNDONE' AND finished_at > now() - ${pauseMs} * interval '1 ms'))`;
  return found.length === 1;
}
