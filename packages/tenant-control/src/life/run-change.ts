import { randomUUID } from 'node:crypto';
import type { Prisma, SagaKind } from '@tenantry/prisma/control';
import { writeAudit } from '../catalog/audit.ts';
import { TenantInTransitionError } from '../errors.ts';
import { leaveSaga } from '../sagas/leave-saga.ts';
import type { Tenant } from '../tenant.ts';
import { allowed, announce, readTenant, recordingRefusals, type Request, type RowChange } from './change-tenant.ts';
import { findSagaUnderWay, lockTenant, type LockedTenant } from './locked-tenant.ts';
import type { LifeServices } from './services.ts';
import { settleSaga } from './settle-saga.ts';
import { clusterOf } from './tenant-work.ts';

/** A change of a tenant that takes a saga. */
export interface LongChange {
  readonly kind: SagaKind;
  /** Whether the tenant is as the change would make it, once no saga is under way with it. */
  isDone(tenant: LockedTenant): boolean;
  /** What the change begins with; the saga goes on from there. What is thrown changes nothing, and a {ConflictError} is on record. */
  decide(tenant: LockedTenant): RowChange & { readonly input: Prisma.JsonObject };
}

/**
 * Changes a tenant by a saga, once for all who ask for it at the same time. One that was left undone is tried again at once.
 *
 * @throws {TenantNotFoundError} {TenantInTransitionError} {TenantChangeError} {ChangeNotAnnouncedError} {ClusterMissingError}
 */
export async function runChange(request: Request, change: LongChange, services: LifeServices): Promise<Tenant> {
  const { catalog, db, bus } = services;
  const { tenant, sagaId } = await recordingRefusals(request, catalog, async () => {
    return await db.$transaction(async (tx) => await beginChange(tx, request, change, services));
  });
  if (sagaId === null) await announce(tenant, bus);
  else await settleSaga({ sagaId, tenant, kind: change.kind }, services);
  return await readTenant(db, tenant.id);
}

interface Begun {
  readonly tenant: LockedTenant;
  /** Of the saga that does it; null when it was done before. */
  readonly sagaId: string | null;
}

async function beginChange(tx: Prisma.TransactionClient, request: Request, change: LongChange, services: LifeServices): Promise<Begun> {
  const { kind } = change;
  const tenant = await lockTenant(tx, request.id);
  const underWay = await findSagaUnderWay(tx, tenant.id);
  if (underWay?.kind === kind) return { tenant, sagaId: underWay.id };
  if (underWay) throw new TenantInTransitionError(tenant.slug, underWay.kind);
  if (change.isDone(tenant)) return { tenant, sagaId: null };
  clusterOf(tenant, services);
  const { data, detail, input } = change.decide(tenant);
  const sagaId = randomUUID();
  await tx.tenant.update({ where: { id: tenant.id }, data, select: { id: true } });
  await leaveSaga(tx, { id: sagaId, kind, tenantId: tenant.id, input, actor: request.actor });
  await writeAudit(tx, allowed(request, detail));
  return { tenant, sagaId };
}
