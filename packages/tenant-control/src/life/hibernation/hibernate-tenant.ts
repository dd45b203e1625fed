import type { Hibernation } from '@tenantry/prisma/control';
import { transitions } from '../../tenant-status.ts';
import type { Actor, Tenant } from '../../tenant.ts';
import { assertAllows, type LockedTenant } from '../locked-tenant.ts';
import { runChange } from '../run-change.ts';
import type { LifeServices } from '../services.ts';
import { backupsOf } from '../tenant-work.ts';

export interface HibernateOptions {
  /**
   * What becomes of the database: `closed`, it stays and nobody can connect to it; `dropped`, a last backup of it stays. Default `closed`.
   */
  readonly keep?: 'closed' | 'dropped' | null | undefined;
}

const hibernations: Readonly<Record<'closed' | 'dropped', Hibernation>> = { closed: 'CLOSED', dropped: 'DROPPED' };

/**
 * Puts a tenant to sleep until it is asked for again. Requests under way get 10 seconds to end. If it cannot be done, the tenant is served
 * as before. A tenant that hibernates already stays as it is.
 *
 * @param isWanted asked again while nobody changes the tenant; when it is not any more, the tenant stays as it is
 * @throws {TenantNotFoundError} {IllegalTransitionError} {BackupsMissingError} {TenantInTransitionError} {TenantChangeError}
 * {ChangeNotAnnouncedError}
 */
export async function hibernateTenant(
  id: string,
  actor: Actor,
  { keep }: HibernateOptions,
  services: LifeServices,
  isWanted: (tenant: LockedTenant) => boolean = () => true,
): Promise<Tenant> {
  const hibernation = hibernations[keep ?? 'closed'];
  return await runChange(
    { id, action: 'tenant.hibernate', actor },
    {
      kind: 'HIBERNATE',
      isDone: (tenant) => tenant.status === transitions.hibernate.to || !isWanted(tenant),
      decide: (tenant) => {
        assertAllows(tenant, 'hibernate');
        if (hibernation === 'DROPPED') backupsOf(services);
        const { status: from } = tenant;
        return { data: { status: transitions.hibernate.to, hibernation }, detail: { from, hibernation }, input: { hibernation } };
      },
    },
    services,
  );
}
