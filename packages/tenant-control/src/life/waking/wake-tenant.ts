import { transitions } from '../../tenant-status.ts';
import type { Actor, Tenant } from '../../tenant.ts';
import { assertAllows } from '../locked-tenant.ts';
import { runChange } from '../run-change.ts';
import type { LifeServices } from '../services.ts';
import { backupsOf } from '../tenant-work.ts';

/**
 * Wakes a tenant that hibernates: once, however many ask for it. One that is awake stays as it is. If it cannot be woken, it hibernates on.
 *
 * @throws {TenantNotFoundError} {IllegalTransitionError} {BackupsMissingError} {TenantInTransitionError} {TenantChangeError}
 * {ChangeNotAnnouncedError}
 */
export async function wakeTenant(id: string, actor: Actor, services: LifeServices): Promise<Tenant> {
  return await runChange(
    { id, action: 'tenant.wake', actor },
    {
      kind: 'WAKE',
      isDone: ({ status }) => status === transitions.finishWaking.to,
      decide: (tenant) => {
        assertAllows(tenant, 'wake');
        if (tenant.hibernation === 'DROPPED') backupsOf(services);
        const { status: from, hibernation } = tenant;
        return { data: { status: transitions.wake.to }, detail: { from }, input: { hibernation: hibernation ?? 'CLOSED' } };
      },
    },
    services,
  );
}
