import type { BackupStore } from '../backups/stores/backup-store.ts';
import type { LifeServices } from '../life/services.ts';
import type { BackupPolicy } from './backup-policy.ts';

/** What it takes to make backups of tenants, and to use them. */
export interface BackupServices extends Omit<LifeServices, 'backups' | 'store' | 'removeJobs'> {
  readonly store: BackupStore;
  readonly policy: BackupPolicy;
}
