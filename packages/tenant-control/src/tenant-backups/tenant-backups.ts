import { migrationsFolder } from '@tenantry/prisma';
import { ConflictError } from '@tenantry/service';
import { restoreDatabase } from '../backups/restore-database.ts';
import { removeBackup } from '../backups/stored-backups.ts';
import { asOwner } from '../credentials/as-owner.ts';
import { BackupInUseError, BackupNotFoundError } from '../errors.ts';
import type { TenantBackups } from '../life/tenant-backups.ts';
import { clusterOf } from '../life/tenant-work.ts';
import { settleAbandoned } from './abandoned-backups.ts';
import type { Backup } from './backup.ts';
import { assertHere, findWhole } from './find-backup.ts';
import { backupsFolder } from './keys.ts';
import { isBeingRestored, isSleptOn } from './needed-backups.ts';
import type { BackupServices } from './services.ts';
import { testRestore } from './verify-catalogued.ts';
import { backUpWithin } from './write-backup.ts';
import { toBackup } from './backup-list.ts';

/** The backups that changes of a tenant make and use, in the catalog and its store. */
export function openTenantBackups(services: BackupServices): TenantBackups {
  return {
    backUp: async (tenantId, reason) => {
      const tenant = await services.db.tenant.findUniqueOrThrow({ where: { id: tenantId } });
      const { id } = await backUpWithin(tenant, reason, services);
      // It will be all that there is.
      if (reason === 'HIBERNATION') await testRestore(id, services);
    },
    restoreHibernated: async (tenantId) => await restoreHibernated(tenantId, services),
    removeBackups: async (tenantId) => await removeAll(tenantId, services),
  };
}

async function restoreHibernated(tenantId: string, services: BackupServices): Promise<void> {
  const { db, store } = services;
  const tenant = await db.tenant.findUniqueOrThrow({ where: { id: tenantId } });
  const [sleptOn] = await db.$queryRaw<{ id: string }[]>`SELECT id FROM backups WHERE tenant_id = ${tenantId}::uuid AND ${isSleptOn}`;
  if (!sleptOn) throw new BackupNotFoundError(backupsFolder(tenantId));
  const { backup, checksum: expectedChecksum } = await findWhole(sleptOn.id, services);
  const source = { store, key: backup.key, expectedChecksum, migrationFolders: [migrationsFolder('tenant')] };
  await asOwner(clusterOf(tenant, services), tenant, async (url) => void (await restoreDatabase({ url, ...source })));
}

/** What can be removed is, whatever keeps the rest. @throws {BackupInUseError} {BackupElsewhereError} {BackupStoreError} */
async function removeAll(tenantId: string, services: BackupServices): Promise<void> {
  const { db, store } = services;
  await settleAbandoned(services, tenantId);
  const kept = await db.backup.findMany({ where: { tenantId, state: { not: 'REMOVED' } }, orderBy: { startedAt: 'asc' } });
  const restored = await db.$queryRaw<{ id: string }[]>`SELECT id FROM backups WHERE tenant_id = ${tenantId}::uuid AND ${isBeingRestored}`;
  const refusals: ConflictError[] = [];
  for (const row of kept) {
    try {
      const isRestored = restored.some(({ id }) => id === row.id);
      await removeOne(toBackup(row), isRestored, services);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      refusals.push(error);
    }
  }
  if (refusals[0]) throw refusals[0];
  // What a row was never told of.
  await store.remove(backupsFolder(tenantId));
}

/** @throws {BackupInUseError} {BackupElsewhereError} {BackupStoreError} */
async function removeOne(backup: Backup, isRestored: boolean, services: BackupServices): Promise<void> {
  const { id, key, state } = backup;
  if (state === 'RUNNING') throw new BackupInUseError(id, 'written');
  if (isRestored) throw new BackupInUseError(id, 'restored');
  await assertHere(backup, services);
  await removeBackup(services.store, key);
  await services.db.backup.updateMany({ where: { id }, data: { state: 'REMOVED', error: null } });
}
