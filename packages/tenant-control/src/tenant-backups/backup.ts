import type { BackupFormat, BackupReason, BackupState } from '@tenantry/prisma/control';
import type { LongWork } from '../backups/long-work.ts';
import type { SweepOptions } from '../life/sweeps.ts';
import type { ProvisionInput } from '../provisioning/provision-input.ts';
import type { Actor, Tenant } from '../tenant.ts';

/** What the catalog tells of a backup of a tenant. */
export interface Backup {
  readonly id: string;
  readonly tenantId: string;
  readonly format: BackupFormat;
  /** What it was made for. */
  readonly reason: BackupReason;
  /** DONE: it is whole. FAILED: there never was one, it was found damaged, or its removal was begun. REMOVED: its files are gone. */
  readonly state: BackupState;
  /** Name of the store, as BACKUP_STORE gives it. */
  readonly store: string;
  /** Its folder in the store. */
  readonly key: string;
  /** Name of the newest migration that the tenant's database had. */
  readonly schemaVersion: string;
  /** As it is in the store, compressed; null until it is whole. */
  readonly bytes: number | null;
  /** SHA-256 of its manifest, in hexadecimal, which holds the checksums of all else; null until it is whole. */
  readonly checksum: string | null;
  /** With the state FAILED: why. */
  readonly error: string | null;
  readonly startedAt: Date;
  /** When it was whole, or had failed. */
  readonly finishedAt: Date | null;
  /** When a test restore last found that it gives back what was backed up. */
  readonly verifiedAt: Date | null;
  /** From when on it may be removed. Null: it stays until somebody removes it. */
  readonly expiresAt: Date | null;
}

export interface BackUpOptions extends LongWork {
  /** `copy` needs nothing but a connection; `pg_dump` a client on the PATH that is at least as new as the server. Default `copy`. */
  readonly format?: 'copy' | 'pg_dump' | null | undefined;
  /** A UUID that was never used, for who has to know the backup's id before it is whole. Default: a new one. */
  readonly backupId?: string | undefined;
}

export interface RestoreBackupOptions extends LongWork {
  /** A new tenant to be made of the backup. Default: the tenant that was backed up is restored in its place. */
  readonly into?: ProvisionInput | null | undefined;
  /** With `into`: the same key from the same caller means the same request, and gives the same tenant. 1 to 200 characters. */
  readonly idempotencyKey?: string | null | undefined;
}

/**
 * Backups of tenants, each a row of the catalog and a folder in a store. In a process that has no store, all throw {BackupsMissingError} but
 * the sweeps, which find nothing to do. What is refused, and what has failed, is on record.
 */
export interface BackupOperations {
  /**
   * Backs a tenant's database up, as it is at one moment, while it is used.
   *
   * @throws {TenantNotFoundError} {BackupRefusedError} {TenantDeletedError} {TenantInTransitionError} {BackupFormatError}
   * {BackupStoreError}, and the signal's reason; its row says FAILED then, and nothing is left in the store
   */
  backUpTenant(id: string, actor: Actor, options?: BackUpOptions): Promise<Backup>;
  /**
   * Restores a backup into a database made for that, compares it with what was backed up, and drops it.
   *
   * @throws {NoSuchBackupError} {BackupNotWholeError} {BackupElsewhereError} {BackupDamagedError}, after which the backup is FAILED
   */
  verifyBackup(backupId: string, actor: Actor, options?: LongWork): Promise<Backup>;
  /**
   * Removes the files of a backup. Its row stays, as that of one that was.
   *
   * @throws {NoSuchBackupError} {BackupInUseError} {BackupElsewhereError} {BackupStoreError}
   */
  removeBackup(backupId: string, actor: Actor): Promise<Backup>;
  /**
   * Gives a tenant back what it had when it was backed up, or makes a new tenant of that. What was in place is backed up before it is
   * given up. The tenant is served meanwhile, but for a moment in the end.
   *
   * @throws {NoSuchBackupError} {BackupNotWholeError} {BackupElsewhereError} {BackupDamagedError} {RestoreTargetError}
   * @throws in place {BackupRefusedError} {TenantDeletedError} {TenantInTransitionError} {TenantChangeError} {ChangeNotAnnouncedError}
   * @throws into a new tenant, what {@link TenantControl.provisionTenant} throws
   */
  restoreBackup(backupId: string, actor: Actor, options?: RestoreBackupOptions): Promise<Tenant>;
  /**
   * Backs up the tenants whose last good backup is older than BACKUP_POLICY wants it, those first that have waited for longest; one after
   * the other.
   *
   * @returns ids of the backups; what failed is logged @throws {BadInputError}
   */
  backUpDue(options: SweepOptions & LongWork, actor: Actor): Promise<string[]>;
  /** Ids of the tenants that {@link backUpDue} would back up, in its order. None in a process that has no store. */
  findBackupsDue(limit: number): Promise<string[]>;
  /**
   * Backs a tenant up that is due to be.
   *
   * @returns the backup's id; null when the tenant is not due any more @throws what {@link backUpTenant} throws
   */
  backUpIfDue(id: string, actor: Actor, options?: LongWork): Promise<string | null>;
  /**
   * Removes backups whose time is over, and what processes that died have left of theirs. A tenant's last good backup stays, and so does
   * the one that a hibernating tenant wakes from.
   *
   * @returns ids of the backups; what failed is logged @throws {BadInputError}
   */
  removeExpiredBackups(options: SweepOptions, actor: Actor): Promise<string[]>;
}
