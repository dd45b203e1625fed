import type { BackupState, SagaKind, TenantStatus } from '@tenantry/prisma/control';
import { BadInputError, ConflictError, NotFoundError, TenantryError, type TenantryErrorOptions } from '@tenantry/service';
import { TenantNotFoundError } from '@tenantry/tenant-pool';
import type { SagaError } from './sagas/errors.ts';
import { transitions, type TransitionName } from './tenant-status.ts';

/** Raised when another tenant has the slug. */
export class SlugTakenError extends ConflictError {
  constructor(slug: string, options?: ErrorOptions) {
    super(`The slug "${slug}" is taken.`, options);
  }
}

/** Raised when an idempotency key comes again with another input. */
export class IdempotencyKeyReusedError extends ConflictError {
  constructor(key: string) {
    super(`The idempotency key "${key}" was used for another input before: take a new one.`);
  }
}

/** Raised when the first request with the same idempotency key has not ended yet, or never will by itself. */
export class ProvisioningUnfinishedError extends ConflictError {}

/** Raised when the input names a cluster that TENANT_CLUSTERS does not. */
export class UnknownClusterError extends BadInputError {
  constructor(name: string, known: Iterable<string>) {
    super(`There is no cluster "${name}"; there is ${[...known].join(', ')}.`);
  }
}

/** Raised when a tenant is on a cluster that this process was given no administrator for. A fault of the set-up, not of the caller. */
export class ClusterMissingError extends Error {
  override readonly name = 'ClusterMissingError';

  constructor(clusterName: string) {
    super(`There are tenants on the cluster "${clusterName}", which TENANT_CLUSTERS does not name: add it.`);
  }
}

/** Raised when a cluster is a server that is too old for tenants' databases. A fault of the set-up, not of the caller. */
export class UnsupportedServerError extends Error {
  override readonly name = 'UnsupportedServerError';

  constructor(clusterName: string, version: number, oldest: number) {
    super(`The cluster "${clusterName}" runs PostgreSQL ${version}: tenants' databases need ${oldest} or newer. Upgrade it.`);
  }
}

/** Raised when the role that TENANT_CLUSTERS names for a pooler is not fit to be one. A fault of the set-up, not of the caller. */
export class PoolerRoleError extends Error {
  override readonly name = 'PoolerRoleError';

  constructor(clusterName: string, role: string, fault: string, options?: ErrorOptions) {
    super(`The role "${role}", which TENANT_CLUSTERS names as the auth_user of the cluster "${clusterName}", ${fault}.`, options);
  }
}

export function noSuchTenant(id: string): TenantNotFoundError {
  return new TenantNotFoundError(`There is no tenant with the id ${JSON.stringify(id)}.`);
}

/** Raised when a change is made and lasting, but the other processes could not be told; they notice it by themselves after a while. */
export class ChangeNotAnnouncedError extends TenantryError {
  readonly code = 'TENANT_UNAVAILABLE';

  constructor(slug: string, cause: unknown) {
    const message = `The tenant "${slug}" was changed, but not every process could be told: repeat the call to tell them.`;
    super(message, { cause, retryAfterMs: 1000 });
  }
}

/** Raised when a tenant's status does not allow what is asked of it. */
export class IllegalTransitionError extends ConflictError {
  readonly status: TenantStatus;
  readonly transition: TransitionName;

  constructor(slug: string, status: TenantStatus, transition: TransitionName) {
    const { from, to } = transitions[transition];
    const either = new Intl.ListFormat('en', { type: 'disjunction' });
    super(`The tenant "${slug}" is ${status}; only ${either.format(from)} can become ${either.format([to].flat())} by "${transition}".`);
    this.status = status;
    this.transition = transition;
  }
}

/** Raised when a tenant is to be changed while another change of several steps is under way with it. */
export class TenantInTransitionError extends ConflictError {
  constructor(slug: string, kind: SagaKind) {
    super(`The tenant "${slug}" is in the middle of another change (${kind}): try again when that has ended.`, { retryAfterMs: 2000 });
  }
}

/** Raised when a tenant is to be changed that is being deleted, or is deleted. */
export class TenantDeletedError extends ConflictError {
  constructor(slug: string, status: TenantStatus) {
    super(`The tenant "${slug}" is ${status}: ${status === 'DELETING' ? 'restore it first' : 'nothing is left of it'}.`);
  }
}

/** Raised when a deleted tenant is to be purged while it may still be restored. */
export class PurgeTooEarlyError extends ConflictError {
  constructor(slug: string, purgeAfter: Date) {
    super(`The tenant "${slug}" can be restored until ${purgeAfter.toISOString()}: ask for an early purge to give that up.`);
  }
}

/** Raised when a change has to write, read or remove a tenant's backups, in a process that has no store of them. */
export class BackupsMissingError extends ConflictError {
  constructor() {
    super(
      'This needs the store of backups, which this process does not have: set BACKUP_STORE. A tenant that hibernates CLOSED needs none.',
    );
  }
}

/** Raised when a step of a change failed. What became of the others, the message says. Its `cause` is the step's error. */
export class TenantChangeError extends TenantryError {
  readonly code = 'TENANT_UNAVAILABLE';
  readonly step: string;

  constructor(slug: string, kind: SagaKind, { step, outcome, cause }: Pick<SagaError, 'step' | 'outcome' | 'cause'>) {
    const consequences = {
      undone: 'and was undone',
      // Who is not moved is mostly served on, where it was.
      stuck: `and could not be undone yet: ${kind === 'MOVE' ? 'that is tried until it succeeds' : 'the tenant is FAILED until it is'}`,
      deferred: 'and is tried again until it succeeds',
    };
    super(`The change (${kind}) of the tenant "${slug}" failed at the step "${step}" ${consequences[outcome]}.`, {
      cause,
      retryAfterMs: 5000,
    });
    this.step = step;
  }
}

/** Raised when what has a tenant's name on a cluster is not marked as the tenant's. It is left as it is: whose it is, an operator has to see. */
export class ForeignDatabaseError extends Error {
  override readonly name = 'ForeignDatabaseError';

  constructor(databaseName: string, clusterName: string, tenantId: string, comment: string | null) {
    const mark = comment === null ? 'has no comment' : `has the comment ${JSON.stringify(comment)}`;
    super(
      `The database ${databaseName} on the cluster "${clusterName}" ${mark}, so that it is not known to be of the tenant ${tenantId}, ` +
        'and is left as it is: rename it, or drop it by hand.',
    );
  }
}

/** Raised when a step of provisioning failed. Everything done until then was undone, or else the tenant is FAILED until it is. */
export class ProvisioningError extends Error {
  override readonly name = 'ProvisioningError';
  readonly step: string;

  constructor(slug: string, { step, outcome, cause }: SagaError) {
    const consequence = outcome === 'undone' ? 'and was undone' : 'and could not be undone yet: the tenant is FAILED until it is';
    super(`Provisioning of the tenant "${slug}" failed at the step "${step}" ${consequence}.`, { cause });
    this.step = step;
  }
}

/** Raised when a tenant has no database to sign in to. */
export class RotationRefusedError extends ConflictError {
  constructor(slug: string, status: TenantStatus) {
    super(`The tenant "${slug}" is ${status}; only one that is ACTIVE or SUSPENDED can be given other credentials.`);
  }
}

/** Raised when a step of a rotation failed. What became of the credentials, the message says. Its `cause` is the step's error. */
export class RotationError extends TenantryError {
  readonly code = 'TENANT_UNAVAILABLE';
  readonly step: string;

  constructor(slug: string, { step, outcome, cause }: Pick<SagaError, 'step' | 'outcome' | 'cause'>) {
    const consequences = {
      undone: 'they are what they were',
      stuck: 'they are what they were, and what was made for new ones is removed later',
      deferred: 'it is tried again until it succeeds, and until then the old ones may still open the database',
    };
    super(`The rotation of the credentials of the tenant "${slug}" failed at the step "${step}": ${consequences[outcome]}.`, {
      cause,
      retryAfterMs: 5000,
    });
    this.step = step;
  }
}

/** Raised when a store has no backup under a key, or one that was never finished. */
export class BackupNotFoundError extends NotFoundError {
  constructor(key: string) {
    super(`There is no finished backup ${key}.`);
  }
}

/** Raised when a backup is not what was written: a file of it was changed or cut off, or is gone. Nothing was restored of it. */
export class BackupDamagedError extends ConflictError {
  constructor(key: string, fault: string, options?: ErrorOptions) {
    super(`The backup ${key} is damaged: ${fault}.`, options);
  }
}

/** Raised when a database is not fit to take a backup, or this version of the code not fit to make one that is. Nothing was restored. */
export class RestoreTargetError extends ConflictError {}

/** Raised when a backup is whole and Postgres refuses it. Nothing was restored. */
export class RestoreRefusedError extends ConflictError {}

/** Raised when a database holds what a format of backups cannot, or there is no fit `pg_dump` or `pg_restore`. */
export class BackupFormatError extends ConflictError {}

/** Raised when the store of backups does not do what it is asked to. */
export class BackupStoreError extends TenantryError {
  readonly code = 'INTERNAL_SERVER_ERROR';

  constructor(deed: 'read' | 'write' | 'list' | 'remove', key: string, cause: unknown) {
    super(`The store of backups could not ${deed} ${key}.`, { cause });
  }
}

/** Raised when the catalog has no backup of an id. */
export class NoSuchBackupError extends NotFoundError {
  constructor(id: string) {
    super(`There is no backup with the id ${JSON.stringify(id)}.`);
  }
}

/** Raised when a backup is to be restored or verified that is not whole, or is no more. */
export class BackupNotWholeError extends ConflictError {
  constructor(id: string, state: BackupState, error: string | null) {
    super(`The backup ${id} is ${state}${error === null ? '' : ` (${error})`}; only one that is DONE can be restored or verified.`);
  }
}

/** Raised when a backup is in another store than the one that this process has. */
export class BackupElsewhereError extends ConflictError {
  constructor(id: string, itsStore: string, ourStore: string) {
    super(
      `The backup ${id} was written to ${itsStore}, and is not in ${ourStore}, which BACKUP_STORE names: bring it there, or name that.`,
    );
  }
}

/** What a backup is needed for. */
export type BackupUse = 'written' | 'restored' | 'slept on';

/** Raised when a backup is to be removed that is needed. */
export class BackupInUseError extends ConflictError {
  readonly use: BackupUse;

  constructor(id: string, use: BackupUse) {
    super(`The backup ${id} ${uses[use]}.`, use === 'slept on' ? {} : { retryAfterMs: 5000 });
    this.use = use;
  }
}

const uses: Readonly<Record<BackupUse, string>> = {
  written: 'is being written: try again when that has ended',
  restored: 'is being restored: try again when that has ended',
  'slept on': 'is all that there is of its tenant, who hibernates: wake that first',
};

/** Raised when a database could not be read to its end, or what was read not be kept. Nothing is left of the backup then. */
export class BackupFailedError extends TenantryError {
  readonly code = 'TENANT_UNAVAILABLE';

  constructor(slug: string, cause: unknown) {
    super(`The backup of the tenant "${slug}" failed, and nothing is left of it.`, { cause, retryAfterMs: 5000 });
  }
}

/** Raised when a tenant's status keeps its database from being backed up or replaced. */
export class BackupRefusedError extends ConflictError {
  readonly status: TenantStatus;

  constructor(slug: string, status: TenantStatus, deed: 'backed up' | 'restored in place') {
    super(`The tenant "${slug}" is ${status}, and cannot be ${deed}: ${remedies[status] ?? 'look after it first'}.`);
    this.status = status;
  }
}

const remedies: Partial<Record<TenantStatus, string>> = {
  PROVISIONING: 'wait until it is ACTIVE',
  HIBERNATED: 'wake it first',
  WAKING: 'wait until it is ACTIVE',
  MIGRATING: 'wait until it is ACTIVE',
  FAILED: 'see what "tenantry doctor" says of it',
};

/** Raised when a tenant's status keeps its data from being exported. */
export class ExportRefusedError extends ConflictError {
  constructor(slug: string, status: TenantStatus, remedy: string, options: TenantryErrorOptions = {}) {
    super(`The tenant "${slug}" is ${status}, and its data cannot be exported: ${remedy}.`, options);
  }
}

/** Raised when an export was cut off by the end of its tenant. Nothing of it is kept. */
export class ExportOvertakenError extends ConflictError {
  constructor(tenantId: string) {
    super(`The tenant ${tenantId} was erased or purged while it was exported: nothing of the export is kept.`);
  }
}

/** Raised when the store has no export of a tenant's under a key. */
export class NoSuchExportError extends NotFoundError {
  constructor(key: string) {
    super(`There is no export ${JSON.stringify(key)} of this tenant.`);
  }
}

/** Raised when a tenant is to be erased, and its slug was not repeated. */
export class ErasureNotConfirmedError extends ConflictError {
  constructor(tenantId: string) {
    super(`There is no way back from an erasure: confirm it by the slug that the tenant ${tenantId} has.`);
  }
}

/** Raised when there is something still of a tenant that was erased. It is looked for again until there is not. */
export class RemainsError extends Error {
  override readonly name = 'RemainsError';

  constructor(tenantId: string, remains: readonly string[]) {
    super(`Of the tenant ${tenantId} there is still ${remains.join(', ')}.`);
  }
}

/** Raised when a certificate of an erasure is not what one of the trusted keys has signed. */
export class CertificateError extends ConflictError {
  constructor(fault: string) {
    super(`The certificate ${fault}.`);
  }
}

/** Raised when a tenant cannot be moved as it was asked for. Nothing was changed. */
export class MoveRefusedError extends ConflictError {
  constructor(slug: string, clusterName: string, reason: string) {
    super(`The tenant "${slug}" cannot be moved to the cluster "${clusterName}": ${reason}.`);
  }
}

/** Raised when a tenant is to be moved whose last move is neither confirmed nor reverted. */
export class MoveOpenError extends ConflictError {
  constructor(slug: string, leftOn: string) {
    super(
      `The tenant "${slug}" was moved and still has its old database on the cluster "${leftOn}": confirm that move or revert it first.`,
    );
  }
}

/** Raised when a tenant has no move that could be confirmed or reverted. */
export class NoOpenMoveError extends ConflictError {
  constructor(slug: string) {
    super(`The tenant "${slug}" has no move that waits to be confirmed or reverted.`);
  }
}

/** Raised when the copy of a tenant's database is not what it is a copy of. The tenant stays where it is. */
export class CopiesDifferError extends Error {
  override readonly name = 'CopiesDifferError';
  readonly faults: readonly string[];

  constructor(slug: string, faults: readonly string[]) {
    super(`The copy of the database of the tenant "${slug}" is not like it: ${faults.join('; ')}.`);
    this.faults = faults;
  }
}
