import type { SagaKind, TenantStatus } from '@tenantry/prisma/control';
import { BadInputError, ConflictError, NotFoundError, TenantryError } from '@tenantry/service';
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

/** Raised when the role that TENANT_CLUSTERS names for a pooler is not fit to be one. A fault of the set-up, not of the caller. */
export class PoolerRoleError extends Error {
  override readonly name = 'PoolerRoleError';

  constructor(clusterName: string, role: string, fault: string) {
    super(`The role "${role}", which TENANT_CLUSTERS names as the auth_user of the cluster "${clusterName}", ${fault}.`);
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
      stuck: 'and could not be undone yet: the tenant is FAILED until it is',
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
