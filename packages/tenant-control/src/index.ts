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
export { certificateType, type CertificateDocument } from './erasure/certificate-document.ts';
export { verifyCertificate, type ErasureCertificate, type SignedDocument } from './erasure/certificate.ts';
export type { DataRights } from './erasure/data-rights.ts';
export type { EraseOptions } from './erasure/erase-tenant.ts';
export { fromPem, keyIdOf, signingKeysOf, toPem, type SigningKey } from './erasure/signing-key.ts';
export {
  BackupDamagedError,
  BackupElsewhereError,
  BackupFailedError,
  BackupFormatError,
  BackupInUseError,
  BackupNotFoundError,
  BackupNotWholeError,
  BackupRefusedError,
  BackupStoreError,
  BackupsMissingError,
  CertificateError,
  ChangeNotAnnouncedError,
  ClusterMissingError,
  ErasureNotConfirmedError,
  ExportOvertakenError,
  ExportRefusedError,
  ForeignDatabaseError,
  IdempotencyKeyReusedError,
  IllegalTransitionError,
  MoveOpenError,
  MoveRefusedError,
  NoOpenMoveError,
  NoSuchBackupError,
  NoSuchExportError,
  ProvisioningError,
  ProvisioningUnfinishedError,
  PurgeTooEarlyError,
  RemainsError,
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
export type { Schedules } from './jobs/cron.ts';
export { JobRefusedError, NoSuchJobError, TaskDefinitionError, TenantNotReadyError } from './jobs/errors.ts';
export { installationTasks, type InstallationTasksOptions } from './jobs/installation-tasks.ts';
export type { JobListing, JobState, ListJobsOptions } from './jobs/job-board.ts';
export { defaultJobsConfig, jobsConfig, jobVariables, type JobsConfig } from './jobs/jobs-config.ts';
export type { ScheduledJob, ScheduledResult, ScheduledTask } from './jobs/scheduled-task.ts';
export { startWorker, type Worker, type WorkerOptions } from './jobs/start-worker.ts';
export { openTenantJobs, type JobRequest, type TenantJobs, type TenantJobsOptions } from './jobs/tenant-jobs.ts';
export { defineTenantTask, type TaskSchedule, type TenantJob, type TenantTask, type TenantTaskDefinition } from './jobs/tenant-task.ts';
export type { DeleteOptions } from './life/delete-tenant.ts';
export type { HibernateOptions } from './life/hibernation/hibernate-tenant.ts';
export type { PurgeOptions } from './life/purge/purge-tenant.ts';
export { renameInputSchema, type RenameInput } from './life/rename-tenant.ts';
export type { IdleOptions, SweepOptions } from './life/sweeps.ts';
export type { TenantBackups } from './life/tenant-backups.ts';
export type { TenantLife } from './life/tenant-life.ts';
export type { MoveReport } from './moves/move-report.ts';
export type { MoveProgress } from './moves/move-services.ts';
export type { ConfirmDueOptions, MoveOptions } from './moves/moves.ts';
export type { MovePatience } from './moves/patience.ts';
export type { TenantMoves } from './moves/tenant-moves.ts';
export type { MoveInput } from './moves/wishes.ts';
export { provisionInputSchema, type ProvisionInput } from './provisioning/provision-input.ts';
export type { ProvisionOptions } from './provisioning/provision-tenant.ts';
export { runTopic, type SagaRun, type SagaRunStep } from './sagas/saga-runs.ts';
export type { Backup, BackUpOptions, BackupOperations, RestoreBackupOptions } from './tenant-backups/backup.ts';
export type { BackupCount, BackupFilter, BackupPosition, ListBackupsOptions } from './tenant-backups/backup-list.ts';
export { backupPolicyVariable, defaultBackupPolicy, type BackupPolicy, type TierPolicy } from './tenant-backups/backup-policy.ts';
export type { ExportTenantOptions, TenantExport } from './tenant-export/export-tenant.ts';
export { newExportKey, type StoredExport } from './tenant-export/stored-exports.ts';
export { createTenantControl, type TenantControl, type TenantControlOptions } from './tenant-control.ts';
export type { Actor, Tenant } from './tenant.ts';
export type { ListUsageOptions, Sampling, UsageSample } from './usage-samples.ts';
export type { TenantUsage } from './usage.ts';
export type { ExamineOptions } from './doctor/examine.ts';
export type { Diagnosis, FindingKind, Severity } from './doctor/finding.ts';
