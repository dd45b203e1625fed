import { randomUUID } from 'node:crypto';
import type { Prisma, Saga } from '@tenantry/prisma/control';
import { writeAudit } from '../catalog/audit.ts';
import { ErasureNotConfirmedError, TenantInTransitionError } from '../errors.ts';
import { allowed, recordingRefusals, type Request } from '../life/change-tenant.ts';
import { giveUpSagas } from '../life/delete-tenant.ts';
import { lockTenant, type LockedTenant } from '../life/locked-tenant.ts';
import type { LifeServices } from '../life/services.ts';
import { settleSaga } from '../life/settle-saga.ts';
import { clusterOf } from '../life/tenant-work.ts';
import { leaveSaga } from '../sagas/leave-saga.ts';
import { transitions } from '../tenant-status.ts';
import type { Actor } from '../tenant.ts';
import { findCertificate, type ErasureCertificate } from './certificate.ts';
import { erasureInput, isErasure } from './erasure-input.ts';

export interface EraseOptions {
  /** The tenant's slug; of one that is DELETED, the one that its tombstone has. */
  readonly confirmSlug: string;
}

/**
 * Leaves nothing of a tenant, whatever its status: it is deleted without grace and purged, what is left is looked for everywhere, and a
 * signed certificate of it is all that remains. There is no way back; what fails is tried again until it succeeds. Of a tenant that was
 * erased before, the certificate is given back.
 *
 * @throws {TenantNotFoundError} {ErasureNotConfirmedError} {TenantInTransitionError} {TenantChangeError} {ClusterMissingError}
 */
export async function eraseTenant(
  id: string,
  actor: Actor,
  { confirmSlug }: EraseOptions,
  services: LifeServices,
): Promise<ErasureCertificate> {
  const { catalog, db } = services;
  const request = { id, action: 'tenant.erase', actor };
  const { tenant, sagaId } = await recordingRefusals(request, catalog, async () => {
    return await db.$transaction(async (tx) => await begin(tx, request, confirmSlug, services));
  });
  if (sagaId !== null) await settleSaga({ sagaId, tenant, kind: 'PURGE' }, services);
  return await db.erasureCertificate.findUniqueOrThrow({ where: { tenantId: tenant.id } });
}

interface Begun {
  readonly tenant: LockedTenant;
  /** Of the erasure; null when it was done before. */
  readonly sagaId: string | null;
}

async function begin(tx: Prisma.TransactionClient, request: Request, confirmSlug: string, services: LifeServices): Promise<Begun> {
  const tenant = await lockTenant(tx, request.id);
  const underWay = await tx.saga.findMany({ where: { tenantId: tenant.id, state: { in: ['RUNNING', 'UNDOING'] } } });
  const erasure = underWay.find(({ kind, input }) => kind === 'PURGE' && isErasure(input));
  if (erasure) return { tenant, sagaId: erasure.id };
  if (await findCertificate(tx, tenant.id)) return { tenant, sagaId: null };
  if (confirmSlug !== tenant.slug) throw new ErasureNotConfirmedError(tenant.id);
  clusterOf(tenant, services);
  const running = underWay.find((saga) => isRun(saga, tenant.now));
  if (running) throw new TenantInTransitionError(tenant.slug, running.kind);
  await giveUpSagas(tx, tenant);
  if (tenant.status !== 'DELETED') await shutOut(tx, tenant);
  const sagaId = randomUUID();
  await leaveSaga(tx, { id: sagaId, kind: 'PURGE', tenantId: tenant.id, input: { ...erasureInput }, actor: request.actor });
  await writeAudit(tx, allowed(request, { from: tenant.status }));
  return { tenant, sagaId };
}

/** What nobody runs, because it failed or its process died, need not be finished: the erasure takes all that it may have left. */
function isRun({ leasedUntil }: Saga, now: Date): boolean {
  return leasedUntil !== null && leasedUntil > now;
}

/** From now on nobody reaches the tenant's data, and nobody gives it back. */
async function shutOut(tx: Prisma.TransactionClient, { id, now }: LockedTenant): Promise<void> {
  const data = { status: transitions.delete.to, statusBefore: null, failedStep: null, deletedAt: now, purgeAfter: now };
  await tx.tenant.update({ where: { id }, data, select: { id: true } });
}
