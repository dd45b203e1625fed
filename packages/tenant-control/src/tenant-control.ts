import type { KeyRing, Logger } from '@tenantry/service';
import type { InvalidationBus, TenantEvents } from '@tenantry/tenant-pool';
import type { BackupStore } from './backups/stores/backup-store.ts';
import type { Catalog } from './catalog/catalog.ts';
import { openClusterAdmin, type ClusterAdmin } from './clusters/cluster-admin.ts';
import type { ClusterConfig } from './clusters/cluster-config.ts';
import { registerCluster } from './clusters/cluster-registry.ts';
import { readyTenants, type ReadyTenantsOptions } from './clusters/ready-tenants.ts';
import { openControlClient } from './control-client.ts';
import { defaultPatience, type Patience } from './credentials/patience.ts';
import { resealCredentials, type Resealing } from './credentials/reseal-credentials.ts';
import { Rotations, type RotateOptions } from './credentials/rotations.ts';
import type { TenantBackups } from './life/tenant-backups.ts';
import { openTenantLife, type TenantLife } from './life/tenant-life.ts';
import { openDataRights, type DataRights } from './erasure/data-rights.ts';
import { wakeOnNotice } from './life/waking/wake-on-notice.ts';
import { Moves } from './moves/moves.ts';
import { defaultMovePatience, type MovePatience } from './moves/patience.ts';
import { openTenantMoves, type TenantMoves } from './moves/tenant-moves.ts';
import { examine, type ExamineOptions } from './doctor/examine.ts';
import type { Diagnosis } from './doctor/finding.ts';
import type { ProvisionInput } from './provisioning/provision-input.ts';
import { provisionTenant, type ProvisionOptions } from './provisioning/provision-tenant.ts';
import { provisioningSaga } from './provisioning/provisioning-saga.ts';
import { clearFailedJobs, removeTenantJobs } from './jobs/job-board.ts';
import { TaskRequest } from './jobs/request-task.ts';
import { retryJob } from './jobs/retry-job.ts';
import { refillShelvesTask } from './jobs/housekeeping-tasks.ts';
import { runTopic, type SagaRun } from './sagas/saga-runs.ts';
import type { ReachFaultPoint } from './sagas/saga.ts';
import { Sagas, type SagasOptions } from './sagas/sagas.ts';
import type { ShelfChanges } from './shelf/shelf.ts';
import { Shelves } from './shelf/shelves.ts';
import type { Actor, Tenant } from './tenant.ts';
import type { BackupOperations } from './tenant-backups/backup.ts';
import { openBackups } from './tenant-backups/open-backups.ts';
import { defaultBackupPolicy, type BackupPolicy } from './tenant-backups/backup-policy.ts';
import { sampleUsage, thinUsageSamples, type Sampling } from './usage-samples.ts';
import { measureUsage, type TenantUsage } from './usage.ts';

/** Everything that changes tenants. Only a process that holds the clusters' administrators has one. Every change is audited. */
export interface TenantControl extends TenantLife, TenantMoves, BackupOperations, DataRights, AsyncDisposable {
  /**
   * Creates a tenant that can be used at once.
   *
   * @throws {BadInputError} {UnknownClusterError} {SlugTakenError} {IdempotencyKeyReusedError} {ProvisioningUnfinishedError}
   * @throws {ProvisioningError} when a step failed
   */
  provisionTenant(input: ProvisionInput, options: ProvisionOptions): Promise<Tenant>;
  /**
   * Gives a tenant another login with another password, and no request fails. Resolves when that is in force and every process was told;
   * the old one is closed once no process uses it, within {@link TenantControlOptions.rotation}. With `atOnce`, for a password that
   * somebody else has, it is closed at once, with what uses it, and the promise resolves after that.
   *
   * @throws {TenantNotFoundError} {RotationRefusedError} {TenantInTransitionError} {ClusterMissingError} {RotationError}
   */
  rotateCredentials(id: string, actor: Actor, options?: RotateOptions): Promise<Tenant>;
  /** Seals every password by the first key of CREDENTIALS_KEY, so that the others can go. See {@link resealCredentials}. */
  resealCredentials(actor: Actor): Promise<Resealing>;
  /**
   * What tenants take up, by one statement to each of their clusters.
   *
   * @returns for each id, in order, its usage or why there is none: {TenantNotFoundError} {ClusterMissingError}, or the error of
   * its cluster
   */
  measureUsage(ids: readonly string[]): Promise<(TenantUsage | Error)[]>;
  /** Measures the tenants that are in use, suspended ones too, and keeps what they take up. */
  sampleUsage(): Promise<Sampling>;
  /** Removes kept measures that are too old, or too many for their age. @returns how many */
  thinUsageSamples(): Promise<number>;
  /** Has a job run again, soon, that has failed or waits to be tried again. @throws {NoSuchJobError} */
  retryJob(id: string, actor: Actor): Promise<void>;
  /** Removes jobs that failed for good, or that no worker knows, more than `keepDays` ago, and those of tenants that are gone. @returns how many */
  clearFailedJobs(keepDays: number): Promise<number>;
  /**
   * Takes up what processes have left undone that are gone: finishes it or undoes it. What fails is logged and left for the next time.
   *
   * @returns how many changes were taken up
   */
  resumeSagas(): Promise<number>;
  /** A change of several steps, by its id; null when there is none. */
  findRun(id: string): Promise<SagaRun | null>;
  /** Checks the catalog against what is on the clusters, and mends what is safe to mend if asked to. */
  examine(options?: ExamineOptions): Promise<Diagnosis[]>;
  /** Brings the shelf of ready databases of each cluster to its size and newest schema. One process at a time does this. */
  refillShelves(): Promise<ShelfChanges>;
}

export interface TenantControlOptions {
  /** Stays the caller's to close. */
  catalog: Catalog;
  /** Of a database that {@link prepareControlDatabase} has prepared. */
  controlDatabaseUrl: string;
  /** At least one; the first one takes tenants whose tier names none. */
  clusters: readonly ClusterConfig[];
  /** Seals the passwords of new tenants' roles. */
  keyRing: KeyRing;
  bus: InvalidationBus;
  /** Told how changes of several steps go on, as {@link runTopic}. Default: nobody is. */
  events?: Pick<TenantEvents, 'announce'>;
  logger: Logger;
  /** Whether this process looks by itself for sagas that were left undone and tenants to wake, with or without a worker. Default true. */
  keepsHouse?: boolean;
  /** How long a login that was replaced is kept open. */
  rotation?: Partial<Patience>;
  /** How long a move lets a tenant's requests wait. */
  moves?: Partial<MovePatience>;
  /** Where backups and exports are kept; stays the caller's to close. Default: this process keeps none. */
  store?: BackupStore | undefined;
  /** How often tenants are backed up, and for how long that is kept. Default {@link defaultBackupPolicy}. */
  backupPolicy?: BackupPolicy | undefined;
  /** What a tenant's life needs of backups. Default: those in `store`, if there is one. */
  backups?: TenantBackups;
  /** Forgets what waits to be done for a tenant that is purged. Default: its jobs are removed from the queue. */
  removeJobs?: (tenantId: string) => Promise<void>;
  /** For tests. */
  reachFaultPoint?: ReachFaultPoint;
}

/** Milliseconds between looks for sagas that nobody runs any more. */
const resumeEveryMs = 5000;

export async function createTenantControl(options: TenantControlOptions): Promise<TenantControl> {
  const { catalog, controlDatabaseUrl, keyRing, bus, logger, keepsHouse = true, reachFaultPoint } = options;
  await using cleanup = new AsyncDisposableStack();
  const { db, pool } = cleanup.use(openControlClient({ url: controlDatabaseUrl, applicationName: 'tenantry:control', logger }));
  const clusters = new Map(options.clusters.map((config) => [config.name, cleanup.use(openClusterAdmin(config, logger))]));
  await Promise.all([...clusters.values()].map(async (cluster) => await prepareCluster(cluster, { db, keyRing, logger })));
  // After its tenants are ready for it: from here on every process takes the way that the configuration names.
  for (const config of options.clusters) await registerCluster(db, bus, config);

  const onChange: SagasOptions['onChange'] = ({ id, tenantId }) => options.events?.announce({ tenantId, topic: runTopic, id });
  const sagas = new Sagas({ db, logger, onChange, reachFaultPoint });
  const { store = null, backupPolicy: policy = defaultBackupPolicy, removeJobs = async (id) => await removeTenantJobs(pool, id) } = options;
  const backupServices = store && { catalog, db, bus, clusters, sagas, keyRing, logger, store, policy, controlDatabaseUrl };
  const kept = openBackups(backupServices);
  sagas.define(provisioningSaga({ db, keyRing, clusters, restore: kept.restoreInto }));
  const patience = { ...defaultPatience, ...options.rotation };
  const rotations = new Rotations({ catalog, db, keyRing, clusters, bus, logger, sagas, patience });
  const shelves = new Shelves(clusters, options.clusters, { db, keyRing, logger });
  const provisioning = { catalog, db, pool, keyRing, clusters, bus, logger, sagas, shelves };

  const { backups = kept.tenantBackups } = options;
  const lifeServices = { catalog, db, bus, clusters, sagas, keyRing, logger, controlDatabaseUrl, backups, store, removeJobs };
  const life = openTenantLife(lifeServices);

  const refilling = cleanup.use(new TaskRequest(pool, refillShelvesTask, logger));
  shelves.onTaken(() => refilling.soon());
  if (keepsHouse) {
    cleanup.use(wakeOnNotice(lifeServices));
    cleanup.use(sagas.keepResuming(resumeEveryMs));
    // The newest schema may be this process's.
    refilling.soon();
  }

  const moves = new Moves({ ...lifeServices, patience: { ...defaultMovePatience, ...options.moves } });

  // Closed before what has resumed rotations and moves, and would wait for them.
  cleanup.use(rotations);
  cleanup.use(moves);
  const opened = cleanup.move();
  return {
    provisionTenant: async (input, provisionOptions) => await provisionTenant(input, provisionOptions, provisioning),
    ...life,
    ...openTenantMoves(moves),
    ...kept.operations(lifeServices, async (input, fromBackup) => await provisionTenant(input, fromBackup, provisioning)),
    ...openDataRights(lifeServices),
    rotateCredentials: async (id, actor, rotateOptions = {}) => await rotations.rotate(id, actor, rotateOptions),
    resealCredentials: async (actor) => await resealCredentials(actor, { db, keyRing, bus }),
    measureUsage: async (ids) => await measureUsage(db, clusters, ids),
    sampleUsage: async () => await sampleUsage(db, clusters),
    thinUsageSamples: async () => await thinUsageSamples(db),
    retryJob: async (id, actor) => await retryJob(id, actor, { db, catalog }),
    clearFailedJobs: async (keepDays) => await clearFailedJobs(pool, keepDays),
    resumeSagas: async () => await sagas.resumeAll(),
    findRun: async (id) => await catalog.findRun(id),
    refillShelves: async () => await shelves.refill(),
    examine: async (examineOptions) => await examine({ db, clusters, keyRing, sagas, backups: backupServices, logger }, examineOptions),
    [Symbol.asyncDispose]: async () => await opened.disposeAsync(),
  };
}

/** A cluster that is down keeps nobody from managing the others. */
async function prepareCluster(cluster: ClusterAdmin, options: ReadyTenantsOptions): Promise<void> {
  try {
    await cluster.prepare();
    await readyTenants(cluster, options);
  } catch (error) {
    options.logger.error({ err: error, cluster: cluster.name }, 'a cluster could not be prepared for tenants');
  }
}
