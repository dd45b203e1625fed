import { canonicalUuid } from '@tenantry/service';
import { removeBackup as removeStored } from '../backups/stored-backups.ts';
import type { BackupStore } from '../backups/stores/backup-store.ts';
import { BackupsMissingError, NoSuchExportError, noSuchTenant } from '../errors.ts';
import { allowed } from '../life/change-tenant.ts';
import type { LifeServices } from '../life/services.ts';
import type { Actor } from '../tenant.ts';
import { listStoredExports, type StoredExport } from './stored-exports.ts';

/** See {@link DataRights.findExports}. */
export async function findExports(tenantId: string, services: LifeServices): Promise<StoredExport[]> {
  const id = canonicalUuid(tenantId);
  if (id === null || (await services.db.tenant.count({ where: { id } })) === 0) throw noSuchTenant(tenantId);
  return await listStoredExports(storeOf(services), id);
}

/** See {@link DataRights.removeExport}. */
export async function removeExport(tenantId: string, key: string, actor: Actor, services: LifeServices): Promise<StoredExport> {
  const found = (await findExports(tenantId, services)).find((each) => each.key === key);
  if (!found) throw new NoSuchExportError(key);
  await services.catalog.recordAudit(allowed({ id: tenantId, action: 'export.remove', actor }, { store: found.store, key }));
  await removeStored(storeOf(services), key);
  return found;
}

/** @throws {BackupsMissingError} */
function storeOf({ store }: LifeServices): BackupStore {
  if (!store) throw new BackupsMissingError();
  return store;
}
