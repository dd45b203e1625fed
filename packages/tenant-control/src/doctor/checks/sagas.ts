import type { Saga } from '@tenantry/prisma/control';
import type { Checkup } from '../checkup.ts';
import type { Finding } from '../finding.ts';

/** Milliseconds after which a saga that nobody runs should have been taken up. */
const overdueMs = 60_000;

/** Takeovers after which somebody should look why it does not end. */
const manyAttempts = 5;

/** Changes that were begun and do not end, and tenants that wait for one that is not there. */
export async function checkSagas(checkup: Checkup): Promise<Finding[]> {
  const { db } = checkup;
  const open = await db.saga.findMany({ where: { state: { in: ['RUNNING', 'UNDOING', 'FAILED'] } } });
  const withSaga = new Set(open.map(({ tenantId }) => tenantId));
  const waiting = await db.tenant.findMany({
    where: { status: { in: ['PROVISIONING', 'WAKING', 'MIGRATING', 'FAILED'] }, id: { notIn: [...withSaga] } },
    select: { id: true, slug: true, status: true, clusterName: true, createdAt: true },
  });
  return [
    ...open.filter(isStuck).map((saga) => stuckSaga(checkup, saga)),
    ...waiting
      .filter(({ createdAt }) => isOverdue(createdAt))
      .map(({ id, slug, status, clusterName }): Finding => ({
        severity: 'error',
        kind: 'stuck-tenant',
        cluster: clusterName,
        tenantId: id,
        message: `${slug}: It is ${status}, and no change of it is under way.`,
        remedy: 'Delete and purge it, or restore it from a backup.',
        fix: null,
      })),
  ];
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
        ? 'Mend what its error says by hand.'
        : 'Mend what its error says, then run with --fix to have it taken up at once.',
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
