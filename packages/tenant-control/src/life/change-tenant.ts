import type { Prisma, PrismaClient } from '@tenantry/prisma/control';
import { canonicalUuid, ConflictError } from '@tenantry/service';
import { TenantNotFoundError, type InvalidationBus } from '@tenantry/tenant-pool';
import { writeAudit, type AuditRecord } from '../catalog/audit.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { ChangeNotAnnouncedError, IllegalTransitionError } from '../errors.ts';
import { tenantColumns, type Actor, type Tenant } from '../tenant.ts';
import { lockTenant, type LockedTenant } from './locked-tenant.ts';
import type { ChangeServices } from './services.ts';

/** What is asked of a tenant, and by whom. */
export interface Request {
  readonly id: string;
  /** As the audit log calls it. */
  readonly action: string;
  readonly actor: Actor;
}

export interface RowChange {
  readonly data: Prisma.TenantUpdateInput;
  readonly detail: NonNullable<AuditRecord['detail']>;
}

/**
 * Changes a tenant's row, with a record of who did it, and tells every process. A tenant that is as it should be is left as it is and
 * everybody is told again, so that a call that failed on its way can be repeated.
 *
 * @param decide on the change; null for none. What it throws changes nothing, and a {ConflictError} is on record as a refusal
 * @throws {TenantNotFoundError} {ChangeNotAnnouncedError}
 */
export async function changeTenant(
  request: Request,
  { catalog, db, bus }: ChangeServices,
  decide: (tenant: LockedTenant, tx: Prisma.TransactionClient) => Promise<RowChange | null> | RowChange | null,
): Promise<Tenant> {
  const tenant = await recordingRefusals(request, catalog, async () => {
    return await db.$transaction(async (tx) => {
      const found = await lockTenant(tx, request.id);
      const change = await decide(found, tx);
      const row = { where: { id: found.id }, select: tenantColumns };
      if (!change) return await tx.tenant.findUniqueOrThrow(row);
      await writeAudit(tx, allowed(request, change.detail));
      return await tx.tenant.update({ ...row, data: change.data });
    });
  });
  await announce(tenant, bus);
  return tenant;
}

/** The record of a change that is made in the same transaction. */
export function allowed({ id, action, actor }: Request, detail: RowChange['detail']): AuditRecord {
  return { ...actor, action, tenantId: canonicalUuid(id), outcome: 'ALLOWED', detail };
}

/** Does `work`; when there is no such tenant, or what is asked for contradicts what it is, that is on record. */
export async function recordingRefusals<Result>(
  { id, action, actor }: Request,
  catalog: Pick<Catalog, 'recordAudit'>,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ConflictError || error instanceof TenantNotFoundError) {
      const status = error instanceof IllegalTransitionError ? { status: error.status } : {};
      // Not the message, which names the tenant: what is in the log outlives it.
      const detail = { ...status, reason: error.name };
      await catalog.recordAudit({ ...actor, action, tenantId: canonicalUuid(id), outcome: 'DENIED', detail });
    }
    throw error;
  }
}

/** Tells every process that a tenant has changed. @throws {ChangeNotAnnouncedError} */
export async function announce({ id, slug }: Pick<Tenant, 'id' | 'slug'>, bus: Pick<InvalidationBus, 'publish'>): Promise<void> {
  await bus.publish(id).catch((cause: unknown) => {
    throw new ChangeNotAnnouncedError(slug, cause);
  });
}

export async function readTenant(db: PrismaClient, id: string): Promise<Tenant> {
  return await db.tenant.findUniqueOrThrow({ where: { id }, select: tenantColumns });
}
