import type { TenantStatus } from '@tenantry/prisma/control';
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

  constructor(slug: string, status: TenantStatus, cause: unknown) {
    const message = `The tenant "${slug}" is ${status} now, but not every process could be told: repeat the call to tell them.`;
    super(message, { cause, retryAfterMs: 1000 });
  }
}

/** Raised when a tenant's status does not allow what is asked of it. */
export class IllegalTransitionError extends ConflictError {
  readonly status: TenantStatus;
  readonly transition: TransitionName;

  constructor(slug: string, status: TenantStatus, transition: TransitionName) {
    const { from, to } = transitions[transition];
    const allowed = new Intl.ListFormat('en', { type: 'disjunction' }).format(from);
    super(`The tenant "${slug}" is ${status}; only ${allowed} can become ${to} by "${transition}".`);
    this.status = status;
    this.transition = transition;
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
