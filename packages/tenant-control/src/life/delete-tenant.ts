import type { Prisma } from '@tenantry/prisma/control';
import { z } from 'zod';
import { IllegalTransitionError } from '../errors.ts';
import { parseOrRefuse } from '../parse-or-refuse.ts';
import { transitions } from '../tenant-status.ts';
import type { Actor, Tenant } from '../tenant.ts';
import { changeTenant } from './change-tenant.ts';
import { assertAllows, assertNoSaga, type LockedTenant } from './locked-tenant.ts';
import type { ChangeServices } from './services.ts';

const defaultGraceDays = 30;
const longestGraceDays = 3650;
const dayMs = 86_400_000;
const graceRule = `must be a whole number of days from 0 to ${longestGraceDays}`;
const graceSchema = z.int(graceRule).min(0, graceRule).max(longestGraceDays, graceRule);

export interface DeleteOptions {
  /** Days for which the tenant can be restored; it is purged after. Default 30. */
  readonly graceDays?: number | null | undefined;
}

/**
 * From now on nobody reaches the tenant's data, and when the days of grace are over nothing will be left of it. A tenant that is being
 * deleted already keeps the grace that it has.
 *
 * @throws {BadInputError} {TenantNotFoundError} {IllegalTransitionError} {TenantInTransitionError} {ChangeNotAnnouncedError}
 */
export async function deleteTenant(id: string, actor: Actor, options: DeleteOptions, services: ChangeServices): Promise<Tenant> {
  const graceDays = parseOrRefuse(graceSchema, options.graceDays ?? defaultGraceDays, 'graceDays');
  return await changeTenant({ id, action: 'tenant.delete', actor }, services, async (tenant, tx) => {
    const { status: from, now: deletedAt } = tenant;
    if (from === transitions.delete.to) return null;
    assertAllows(tenant, 'delete');
    if (from === 'FAILED') await giveUpSagas(tx, tenant);
    await assertNoSaga(tx, tenant);
    const purgeAfter = new Date(deletedAt.getTime() + graceDays * dayMs);
    const data = { status: transitions.delete.to, statusBefore: from, failedStep: null, deletedAt, purgeAfter };
    return { data, detail: { from, graceDays } };
  });
}

/**
 * Undoes {@link deleteTenant}: the tenant is what it was before. Until its purge has begun, however long that takes.
 *
 * @throws {TenantNotFoundError} {IllegalTransitionError} {TenantInTransitionError} {ChangeNotAnnouncedError}
 */
export async function restoreTenant(id: string, actor: Actor, services: ChangeServices): Promise<Tenant> {
  return await changeTenant({ id, action: 'tenant.restore', actor }, services, async (tenant, tx) => {
    const { slug, status, statusBefore } = tenant;
    if (transitions.restore.to.some((restored) => restored === status)) return null;
    assertAllows(tenant, 'restore');
    if (statusBefore === null) throw new IllegalTransitionError(slug, status, 'restore');
    await assertNoSaga(tx, tenant);
    const failedStep = statusBefore === 'FAILED' ? await stepGivenUp(tx, tenant) : null;
    await undoGivenUp(tx, tenant);
    const data = { status: statusBefore, failedStep, statusBefore: null, deletedAt: null, purgeAfter: null };
    return { data, detail: { to: statusBefore } };
  });
}

/**
 * What could be neither done nor undone is not tried any more: the purge takes away all that it may have left. For a tenant that is
 * restored before, see {@link undoGivenUp}.
 */
export async function giveUpSagas(tx: Prisma.TransactionClient, { id }: LockedTenant): Promise<void> {
  await tx.$executeRaw`
    UPDATE sagas SET state = 'FAILED', fence = fence + 1, leased_until = NULL, retry_at = NULL, finished_at = now()
    WHERE tenant_id = ${id}::uuid AND state IN ('RUNNING', 'UNDOING')`;
}

/** A tenant is FAILED because something of it could not be undone: for one that stays, that is tried again. */
async function undoGivenUp(tx: Prisma.TransactionClient, { id }: LockedTenant): Promise<void> {
  await tx.$executeRaw`
    UPDATE sagas SET state = 'UNDOING', finished_at = NULL WHERE tenant_id = ${id}::uuid AND state = 'FAILED'`;
}

/** The step that was given up when the tenant was deleted. */
async function stepGivenUp(tx: Prisma.TransactionClient, { id }: LockedTenant): Promise<string> {
  const step = await tx.sagaStep.findFirst({
    where: { saga: { tenantId: id, state: 'FAILED' }, error: { not: null } },
    orderBy: [{ saga: { createdAt: 'desc' } }, { position: 'desc' }],
    select: { name: true },
  });
  return step?.name ?? 'unknown';
}
