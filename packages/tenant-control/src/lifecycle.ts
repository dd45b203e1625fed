import type { PrismaClient, TenantStatus } from '@tenantry/prisma/control';
import type { InvalidationBus } from '@tenantry/tenant-pool';
import { writeAudit } from './catalog/audit.ts';
import type { Catalog } from './catalog/catalog.ts';
import { ChangeNotAnnouncedError, IllegalTransitionError, noSuchTenant } from './errors.ts';
import type { Actor, Tenant } from './tenant.ts';
import { allows, transitions } from './tenant-status.ts';

export interface LifecycleServices {
  readonly catalog: Catalog;
  readonly db: PrismaClient;
  readonly bus: InvalidationBus;
}

/**
 * Changes a tenant's status, with a record of who did it, and tells every process. A tenant that has the status already is left
 * as it is and everybody is told again, so that a call that failed on its way can be repeated.
 *
 * @throws {TenantNotFoundError} {IllegalTransitionError} {ChangeNotAnnouncedError}
 */
export async function changeStatus(
  id: string,
  transition: 'suspend' | 'resume',
  actor: Actor,
  { catalog, db, bus }: LifecycleServices,
): Promise<Tenant> {
  const { to } = transitions[transition];
  const change = { ...actor, action: `tenant.${transition}` };
  let tenant = await findTenant(catalog, id);
  while (tenant.status !== to) {
    if (!allows(tenant.status, transition)) {
      await catalog.recordAudit({ ...change, tenantId: tenant.id, outcome: 'DENIED', detail: { status: tenant.status } });
      throw new IllegalTransitionError(tenant.slug, tenant.status, transition);
    }
    if (await move(db, tenant, to, change)) break;
    // Somebody else was faster: what they made of the tenant decides.
    tenant = await findTenant(catalog, id);
  }
  await bus.publish(tenant.id).catch((cause: unknown) => {
    throw new ChangeNotAnnouncedError(tenant.slug, to, cause);
  });
  return { ...tenant, status: to };
}

/** @returns false when the status is another one meanwhile */
async function move(
  db: PrismaClient,
  { id, status }: Tenant,
  to: TenantStatus,
  { action, ...actor }: Actor & { action: string },
): Promise<boolean> {
  return await db.$transaction(async (tx) => {
    const { count } = await tx.tenant.updateMany({ where: { id, status }, data: { status: to } });
    if (count === 1) await writeAudit(tx, { ...actor, action, tenantId: id, outcome: 'ALLOWED', detail: { from: status } });
    return count === 1;
  });
}

/** @throws {TenantNotFoundError} */
async function findTenant(catalog: Catalog, id: string): Promise<Tenant> {
  const [tenant] = await catalog.findTenants([id]);
  if (!tenant) throw noSuchTenant(id);
  return tenant;
}
