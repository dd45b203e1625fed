export { dumpDatabase, type DumpOptions, type StoredBackup } from './backups/dump-database.ts';
export { exportData, type ExportManifest, type ExportOptions } from './backups/export/export-data.ts';
export { differences, fingerprintDatabase, type Fingerprint } from './backups/fingerprint.ts';
export type { LongWork, Progress } from './backups/long-work.ts';
export { readManifest, type BackupManifest, type StoredManifest } from './backups/manifest.ts';
export { restoreDatabase, type RestoreOptions } from './backups/restore-database.ts';
export { listBackups, removeBackup } from './backups/stored-backups.ts';
export type { BackupStore, StoredFile } from './backups/stores/backup-store.ts';
export { openBackupStore } from './backups/stores/open-store.ts';
export { backupStoreVariable, type BackupStoreConfig } from './backups/stores/store-config.ts';
export { verifyBackup, type VerifyOptions } from './backups/verify-backup.ts';
export type { AuditEntry, AuditFilter, AuditPosition, ListAuditOptions } from './catalog/audit-log.ts';
export type { AuditRecord } from './catalog/audit.ts';
export { openCatalog, type Catalog, type CatalogOptions } from './catalog/catalog.ts';
export type { ListTenantsOptions, TenantFilter, TenantPosition } from './catalog/tenant-list.ts';
export { clusterVariable, type ClusterConfig } from './clusters/cluster-config.ts';
export { prepareControlDatabase } from './control-database.ts';
export type { Patience } from './credentials/patience.ts';
export type { Resealing } from './credentials/reseal-credentials.ts';
export type { RotateOptions } from './credentials/rotations.ts';
export {
  BackupDamagedError,
  BackupFormatError,
  BackupNotFoundError,
  BackupStoreError,
  BackupsMissingError,
  ChangeNotAnnouncedError,
  ClusterMissingError,
  ForeignDatabaseError,
  IdempotencyKeyReusedError,
  IllegalTransitionError,
  ProvisioningError,
  ProvisioningUnfinishedError,
  PurgeTooEarlyError,
  RestoreRefusedError,
  RestoreTargetError,
  RotationError,
  RotationRefusedError,
  SlugTakenError,
  TenantChangeError,
  TenantDeletedError,
  TenantInTransitionError,
  UnknownClusterError,
} from './errors.ts';
export type { DeleteOptions } from './life/delete-tenant.ts';
export type { HibernateOptions } from './life/hibernation/hibernate-tenant.ts';
export type { PurgeOptions } from './life/purge/purge-tenant.ts';
export { renameInputSchema, type RenameInput } from './life/rename-tenant.ts';
export type { IdleOptions, SweepOptions } from './life/sweeps.ts';
export type { TenantBackups } from './life/tenant-backups.ts';
export type { TenantLife } from './life/tenant-life.ts';
export { provisionInputSchema, type ProvisionInput } from './provisioning/provision-input.ts';
export type { ProvisionOptions } from './provisioning/provision-tenant.ts';
export type { SagaRun, SagaRunStep } from './sagas/saga-runs.ts';
export { createTenantControl, type TenantControl, type TenantControlOptions } from './tenant-control.ts';
export type { Actor, Tenant } from './tenant.ts';
export type { TenantUsage } from './usage.ts';
export type { ExamineOptions } from './doctor/examine.ts';
export type { Diagnosis, FindingKind, Severity } from './doctor/finding.ts';
