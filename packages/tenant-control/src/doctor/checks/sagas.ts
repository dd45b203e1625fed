import type { Prisma, PrismaClient, Saga, Tenant } from '@tenantry/prisma/control';
import type { Checkup } from '../checkup.ts';
import type { Finding } from '../finding.ts';

/** Milliseconds after which a saga that nobody runs should have been taken up. */
const overdueMs = 60_000;

/** Takeovers after which somebody should look why it does not end. */
const manyAttempts = 5;

/** Changes that were begun and do not end, and tenants that wait for one that is not there. */
export async function checkSagas(checkup: Checkup): Promise<Finding[]> {
  const { db } = checkup;
  const open = await withoutGivenUp(db, await db.saga.findMany({ where: { state: { in: ['RUNNING', 'UNDOING', 'FAILED'] } } }));
  return [...open.filter(isStuck).map((saga) => stuckSaga(checkup, saga)), ...(await findWaiting(db)).map(stuckTenant)];
}

/** What was given up when its tenant was deleted is nobody's to mend: the purge takes away what it has left. */
async function withoutGivenUp(db: PrismaClient, sagas: readonly Saga[]): Promise<Saga[]> {
  const failed = sagas.flatMap(({ state, tenantId }) => (state === 'FAILED' ? [tenantId] : []));
  const where = { id: { in: failed }, status: { in: ['DELETING', 'DELETED'] } } satisfies Prisma.TenantWhereInput;
  const deleted = new Set((await db.tenant.findMany({ where, select: { id: true } })).map(({ id }) => id));
  return sagas.filter(({ state, tenantId }) => state !== 'FAILED' || !deleted.has(tenantId));
}

type WaitingTenant = Pick<Tenant, 'id' | 'slug' | 'status' | 'clusterName'>;

/** Tenants that are in the middle of a change which is not there. By one statement: each change comes and goes with its status. */
async function findWaiting(db: PrismaClient): Promise<WaitingTenant[]> {
  return await db.$queryRaw<WaitingTenant[]>`
    SELECT id, slug, status, cluster_name AS "clusterName" FROM tenants
    WHERE status IN ('PROVISIONING', 'WAKING', 'MIGRATING', 'FAILED') AND created_at < now() - ${overdueMs} * interval '1 ms'
      AND NOT EXISTS (SELECT FROM sagas WHERE tenant_id = tenants.id AND state IN ('RUNNING', 'UNDOING', 'FAILED'))
    ORDER BY slug`;
}

function stuckTenant({ id, slug, status, clusterName }: WaitingTenant): Finding {
  return {
    severity: 'error',
    kind: 'stuck-tenant',
    cluster: clusterName,
    tenantId: id,
    message: `${slug}: It is ${status}, and no change of it is under way.`,
    remedy: `If there is data to keep, restore a backup into a new tenant first (tenantry backup list ${slug}); then: tenantry erase ${slug}`,
    fix: null,
  };
}

function stuckSaga({ sagas }: Checkup, { id, kind, state, tenantId, error, fence }: Saga): Finding {
  const failure = error === null ? '' : `: ${error}`;
  return {
    severity: 'error',
    kind: 'stuck-saga',
    cluster: null,
    tenantId,
    message: `The change ${kind} (${id}) is ${state} and nobody runs it, after ${fence} attempts${failure}`,
    remedy:
      state === 'FAILED'
        ? `Mend by hand what "tenantry runs show ${id}" says.`
        : `Mend what "tenantry runs show ${id}" says, then run with --fix to have it taken up at once.`,
    fix: state === 'FAILED' ? null : async () => void (await sagas.resume(id, { early: true })),
  };
}

function isStuck({ state, leasedUntil, createdAt, retryAt, fence }: Saga): boolean {
  if (state === 'FAILED') return true;
  if (leasedUntil && leasedUntil > new Date()) return false;
  if (fence >= manyAttempts) return true;
  return isOverdue(retryAt ?? leasedUntil ?? createdAt);
}

function isOverdue(since: Date): boolean {
  return Date.now() - since.getTime() > overdueMs;
}
