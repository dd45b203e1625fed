import { transitions } from '../tenant-status.ts';
import type { Actor, Tenant } from '../tenant.ts';
import { changeTenant } from './change-tenant.ts';
import { assertAllows } from './locked-tenant.ts';
import type { ChangeServices } from './services.ts';

/**
 * Shuts a tenant's requests out, or lets them in again.
 *
 * @throws {TenantNotFoundError} {IllegalTransitionError} {ChangeNotAnnouncedError}
 */
export async function changeStatus(id: string, transition: 'suspend' | 'resume', actor: Actor, services: ChangeServices): Promise<Tenant> {
  const { to } = transitions[transition];
  return await changeTenant({ id, action: `tenant.${transition}`, actor }, services, (tenant) => {
    if (tenant.status === to) return null;
    assertAllows(tenant, transition);
    return { data: { status: to }, detail: { from: tenant.status } };
  });
}
