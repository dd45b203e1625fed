import type { TenantWork } from '../life/tenant-work.ts';
import { noteRemoval } from './removed.ts';

/**
 * Has the control database forget all that it holds of whose the tenant was, but for its row. What its changes were asked for, such as
 * the first owner's email address, goes; that there were changes stays, and so do the rows of backups whose files are gone.
 */
export async function forgetRecords(work: TenantWork): Promise<void> {
  const { saga, services } = work;
  const { tenantId } = saga;
  const ofTenant = { where: { tenantId } };
  await noteRemoval(work, {
    idempotencyKeys: await services.db.idempotencyKey.count(ofTenant),
    usageSamples: await services.db.usageSample.count(ofTenant),
  });
  const others = { tenantId, id: { not: saga.id } };
  await saga.commit(async (tx) => {
    await tx.idempotencyKey.deleteMany(ofTenant);
    await tx.usageSample.deleteMany(ofTenant);
    await tx.backup.updateMany({ ...ofTenant, data: { error: null } });
    // Messages of Postgres quote the rows that they are about.
    await tx.sagaStep.updateMany({ where: { saga: others }, data: { error: null } });
    await tx.saga.updateMany({ where: others, data: { input: {}, data: {}, error: null } });
  });
}
