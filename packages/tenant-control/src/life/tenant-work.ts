import type { Prisma, Tenant as TenantRow, TenantStatus } from '@tenantry/prisma/control';
import { unseal } from '@tenantry/service';
import type { Client, PoolClient } from 'pg';
import type { ClusterAdmin } from '../clusters/cluster-admin.ts';
import { ExclusiveCluster, tenantLock } from '../clusters/exclusive-cluster.ts';
import type { TenantLogin } from '../clusters/pooler-access.ts';
import { BackupsMissingError, ClusterMissingError } from '../errors.ts';
import type { ClaimedSaga } from '../sagas/claimed-saga.ts';
import type { ReachMiddle, SagaStep } from '../sagas/saga.ts';
import { findOwnDatabase } from '../tenant-databases/own-database.ts';
import { allows, transitions } from '../tenant-status.ts';
import { announce } from './change-tenant.ts';
import type { LifeServices } from './services.ts';
import type { TenantBackups } from './tenant-backups.ts';

export type WorkStep = SagaStep<TenantWork>;

/** What the steps of one change of a tenant share, be it hibernation, waking or purge. */
export class TenantWork implements AsyncDisposable {
  readonly saga: ClaimedSaga;
  readonly services: LifeServices;
  readonly middle: ReachMiddle;
  /** As it was when the saga was taken up. */
  readonly tenant: TenantRow;
  /** The tenant's cluster, for this saga alone. */
  readonly cluster: ExclusiveCluster;

  private constructor(saga: ClaimedSaga, middle: ReachMiddle, services: LifeServices, tenant: TenantRow) {
    this.saga = saga;
    this.middle = middle;
    this.services = services;
    this.tenant = tenant;
    const admin = clusterOf(tenant, services);
    this.cluster = new ExclusiveCluster(admin, tenantLock(saga.tenantId), async () => await saga.assertHeld(), saga);
  }

  /** @throws {ClusterMissingError} in a process that cannot do it; another one may */
  static async open(saga: ClaimedSaga, middle: ReachMiddle, services: LifeServices): Promise<TenantWork> {
    const tenant = await services.db.tenant.findUniqueOrThrow({ where: { id: saga.tenantId } });
    return new TenantWork(saga, middle, services, tenant);
  }

  /** @throws {BackupsMissingError} */
  get backups(): TenantBackups {
    return backupsOf(this.services);
  }

  async session(): Promise<PoolClient> {
    return await this.cluster.session();
  }

  /** How the tenant signs in. */
  login(): TenantLogin {
    const { id, databaseName, loginName, sealedPassword } = this.tenant;
    return { databaseName, roleName: loginName, password: unseal(sealedPassword, id, this.services.keyRing) };
  }

  /** A connection as the tenant has them, for the length of `work`. */
  async asTenant<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
    const { databaseName, roleName: role, password } = this.login();
    return await this.cluster.admin.as({ role, password }, databaseName, work);
  }

  /** @returns false when it is not there @throws {ForeignDatabaseError} */
  async hasDatabase(): Promise<boolean> {
    return await findOwnDatabase(await this.session(), this.cluster.admin.name, this.tenant);
  }

  /**
   * Changes the tenant's row, if it has one of these statuses or that of `data` already. Who was made ACTIVE by an earlier attempt may have
   * been suspended since, and stays so.
   *
   * @throws {Error} when it has another status
   */
  async change(from: readonly TenantStatus[], data: Prisma.TenantUpdateManyMutationInput & { status: TenantStatus }): Promise<void> {
    const { id, slug } = this.tenant;
    const where = { id, status: { in: [...from, data.status] } };
    const isDone = await this.saga.commit(async (tx) => {
      if ((await tx.tenant.updateMany({ where, data })).count > 0) return true;
      return allows(data.status, 'suspend') && (await tx.tenant.count({ where: { id, status: transitions.suspend.to } })) > 0;
    });
    if (!isDone) throw new Error(`The tenant "${slug}" was given another status beside the saga that changes it.`);
  }

  /** Tells every process that the tenant has changed. */
  async announce(): Promise<void> {
    await announce(this.tenant, this.services.bus);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
  }
}

/**
 * Does `work` when its turn comes on the tenant's cluster; at once in a process that has no such cluster.
 *
 * @param turn which turn that is
 */
export async function inTurnOf<Result>(
  tenantId: string,
  work: () => Promise<Result>,
  { db, clusters }: Pick<LifeServices, 'db' | 'clusters'>,
  turn: 'inTurn' | 'inLongTurn' = 'inTurn',
): Promise<Result> {
  const tenant = await db.tenant.findUnique({ where: { id: tenantId }, select: { clusterName: true } });
  return await (clusters.get(tenant?.clusterName ?? '')?.[turn](work) ?? work());
}

/** @throws {ClusterMissingError} */
export function clusterOf({ clusterName }: Pick<TenantRow, 'clusterName'>, { clusters }: Pick<LifeServices, 'clusters'>): ClusterAdmin {
  const admin = clusters.get(clusterName);
  if (!admin) throw new ClusterMissingError(clusterName);
  return admin;
}

/** @throws {BackupsMissingError} */
export function backupsOf({ backups }: Pick<LifeServices, 'backups'>): TenantBackups {
  if (!backups) throw new BackupsMissingError();
  return backups;
}
