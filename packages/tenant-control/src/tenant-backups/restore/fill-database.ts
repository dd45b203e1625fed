import { migrateDatabase, migrationsFolder } from '@tenantry/prisma';
import type { LongWork } from '../../backups/long-work.ts';
import { differences, fingerprintDatabase } from '../../backups/fingerprint.ts';
import { restoreDatabase } from '../../backups/restore-database.ts';
import type { ClusterAdmin } from '../../clusters/cluster-admin.ts';
import { asOwner } from '../../credentials/as-owner.ts';
import { BackupDamagedError } from '../../errors.ts';
import type { TenantDatabase } from '../../tenant-databases/database.ts';
import { findWhole } from '../find-backup.ts';
import type { BackupServices } from '../services.ts';
import { markingDamage } from '../verify-catalogued.ts';

type Services = Pick<BackupServices, 'db' | 'store'>;

/**
 * Restores a backup into an empty database that its owner can use, and nothing newer than that.
 *
 * @throws what {@link findWhole} and {@link restoreDatabase} throw
 */
export async function fillDatabase(
  admin: ClusterAdmin,
  database: TenantDatabase,
  backupId: string,
  services: Services,
  work: LongWork,
): Promise<void> {
  await markingDamage(backupId, services, async () => {
    const { backup, checksum: expectedChecksum } = await findWhole(backupId, services, work.signal);
    const source = { store: services.store, key: backup.key, expectedChecksum, migrationFolders: [migrationsFolder('tenant')] };
    await asOwner(admin, database, async (url) => void (await restoreDatabase({ url, ...source, migrateForward: false, ...work })));
  });
}

/** @throws {BackupDamagedError} when a database that {@link fillDatabase} has filled is not what was backed up */
export async function compareDatabase(
  admin: ClusterAdmin,
  database: TenantDatabase,
  backupId: string,
  services: Services,
  work: LongWork,
): Promise<void> {
  await markingDamage(backupId, services, async () => {
    const { backup, manifest } = await findWhole(backupId, services, work.signal);
    const found = await asOwner(admin, database, async (url) => await fingerprintDatabase({ url, ...work }));
    const faults = differences(found, manifest);
    if (faults.length > 0) throw new BackupDamagedError(backup.key, `restored, ${faults.join(', ')}`);
  });
}

/** Brings a database that was restored to the newest schema. @throws {MigrationError} */
export async function bringUpToDate(admin: ClusterAdmin, database: TenantDatabase): Promise<void> {
  await asOwner(admin, database, async (url) => void (await migrateDatabase({ url, database: 'tenant' })));
}
