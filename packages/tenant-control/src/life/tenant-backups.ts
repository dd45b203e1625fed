import type { BackupReason } from '@tenantry/prisma/control';

/** What a tenant's life needs of backups. Each may be called again after it was cut off anywhere. */
export interface TenantBackups {
  /** Backs the tenant's database up with the rights of its owner ({@link asOwner}). When it resolves, the backup is whole and outlives the database. */
  backUp(tenantId: string, reason: BackupReason): Promise<void>;
  /** Fills the tenant's database, which is there and empty, with its last backup of the reason HIBERNATION. */
  restoreHibernated(tenantId: string): Promise<void>;
  /** Removes every backup of the tenant. */
  removeBackups(tenantId: string): Promise<void>;
}
