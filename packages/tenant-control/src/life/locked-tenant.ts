import type { Prisma, SagaKind, Tenant as TenantRow } from '@tenantry/prisma/control';
import { canonicalUuid } from '@tenantry/service';
import { IllegalTransitionError, noSuchTenant, TenantDeletedError, TenantInTransitionError } from '../errors.ts';
import { allows, type TransitionName } from '../tenant-status.ts';

/** A tenant's row that nobody else changes before the transaction ends. */
export interface LockedTenant extends TenantRow {
  /** When the transaction began, by the control database's clock. */
  readonly now: Date;
}

/** @throws {TenantNotFoundError} */
export async function lockTenant(tx: Prisma.TransactionClient, tenantId: string): Promise<LockedTenant> {
  const id = canonicalUuid(tenantId) ?? '';
  const [locked] = id === '' ? [] : await tx.$queryRaw<{ now: Date }[]>`SELECT now() FROM tenants WHERE id = ${id}::uuid FOR NO KEY UPDATE`;
  if (!locked) throw noSuchTenant(tenantId);
  return { ...(await tx.tenant.findUniqueOrThrow({ where: { id } })), now: locked.now };
}

/** A saga that was begun and has not ended. */
export interface SagaUnderWay {
  readonly id: string;
  readonly kind: SagaKind;
}

export async function findSagaUnderWay(tx: Prisma.TransactionClient, tenantId: string): Promise<SagaUnderWay | null> {
  return await tx.saga.findFirst({
    where: { tenantId, state: { in: ['RUNNING', 'UNDOING'] } },
    orderBy: { createdAt: 'asc' },
    select: { id: true, kind: true },
  });
}

/** @throws {TenantInTransitionError} */
export async function assertNoSaga(tx: Prisma.TransactionClient, { id, slug }: LockedTenant): Promise<void> {
  const saga = await findSagaUnderWay(tx, id);
  if (saga) throw new TenantInTransitionError(slug, saga.kind);
}

/** @throws {IllegalTransitionError} */
export function assertAllows({ slug, status }: LockedTenant, transition: TransitionName): void {
  if (!allows(status, transition)) throw new IllegalTransitionError(slug, status, transition);
}

/** @throws {TenantDeletedError} */
export function assertNotDeleted({ slug, status }: LockedTenant): void {
  if (status === 'DELETING' || status === 'DELETED') throw new TenantDeletedError(slug, status);
}
