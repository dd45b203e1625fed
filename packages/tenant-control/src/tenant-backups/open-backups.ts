import type { LifeServices } from '../life/services.ts';
import type { TenantBackups } from '../life/tenant-backups.ts';
import type { ProvisionFromBackup } from '../provisioning/provision-tenant.ts';
import type { RestoreInto } from '../provisioning/provisioning-context.ts';
import type { BackupOperations } from './backup.ts';
import { openBackupOperations } from './backup-operations.ts';
import { ProgressListeners } from './restore/progress-listeners.ts';
import { restoreInto } from './restore/restore-into.ts';
import type { BackupServices } from './services.ts';
import { openTenantBackups } from './tenant-backups.ts';

/** All that is done with backups of tenants, in a process that has a store of them; in one that has none, it is refused. */
export interface OpenBackups {
  readonly tenantBackups: TenantBackups | null;
  readonly restoreInto: RestoreInto | null;
  operations(life: LifeServices, provision: ProvisionFromBackup): BackupOperations;
}

export function openBackups(services: BackupServices | null): OpenBackups {
  const listeners = new ProgressListeners();
  return {
    tenantBackups: services && openTenantBackups(services),
    restoreInto: services && restoreInto(services, listeners),
    operations: (life, provision) => openBackupOperations({ services, life, provision, listeners }),
  };
}
