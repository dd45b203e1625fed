import { transitions } from '../tenant-status.ts';
import type { TenantWork } from './tenant-work.ts';

/** Has everybody see that a change could not be undone, until it is. */
export async function failTenant(work: Pick<TenantWork, 'saga' | 'tenant' | 'services' | 'announce'>, step: string): Promise<void> {
  const { saga, tenant, services } = work;
  const { from, to } = transitions.fail;
  const where = { id: tenant.id, status: { in: [...from] } };
  await saga.commit(async (tx) => await tx.tenant.updateMany({ where, data: { status: to, failedStep: step } }));
  await work
    .announce()
    .catch((err: unknown) => services.logger.warn({ err, tenantId: tenant.id }, 'a tenant is FAILED; not everybody knows'));
}
