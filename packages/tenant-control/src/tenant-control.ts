import type { KeyRing, Logger } from '@tenantry/service';
import type { InvalidationBus } from '@tenantry/tenant-pool';
import type { Catalog } from './catalog/catalog.ts';
import { openClusterAdmin, type ClusterAdmin } from './clusters/cluster-admin.ts';
import type { ClusterConfig } from './clusters/cluster-config.ts';
import { registerCluster } from './clusters/cluster-registry.ts';
import { readyTenants, type ReadyTenantsOptions } from './clusters/ready-tenants.ts';
import { openControlClient } from './control-client.ts';
import { changeStatus } from './lifecycle.ts';
import type { ProvisionInput } from './provisioning/provision-input.ts';
import { provisionTenant, type ProvisionOptions } from './provisioning/provision-tenant.ts';
import { provisioningSaga } from './provisioning/provisioning-saga.ts';
import type { ReservationServices } from './provisioning/reservation.ts';
import { repeat } from './repeat.ts';
import type { ReachFaultPoint } from './sagas/saga.ts';
import { Sagas } from './sagas/sagas.ts';
import type { ShelfChanges } from './shelf/shelf.ts';
import { Shelves } from './shelf/shelves.ts';
import type { Actor, Tenant } from './tenant.ts';
import { measureUsage, type TenantUsage } from './usage.ts';

/** Everything that changes tenants. Only a process that holds the clusters' administrators has one. Every change is audited. */
export interface TenantControl extends AsyncDisposable {
  /**
   * Creates a tenant that can be used at once.
   *
   * @throws {BadInputError} {UnknownClusterError} {SlugTakenError} {IdempotencyKeyReusedError} {ProvisioningUnfinishedError}
   * @throws {ProvisioningError} when a step failed
   */
  provisionTenant(input: ProvisionInput, options: ProvisionOptions): Promise<Tenant>;
  /** From now on nobody reaches the tenant's data. @throws {TenantNotFoundError} {IllegalTransitionError} */
  suspendTenant(id: string, actor: Actor): Promise<Tenant>;
  /** Undoes {@link suspendTenant}. @throws {TenantNotFoundError} {IllegalTransitionError} */
  resumeTenant(id: string, actor: Actor): Promise<Tenant>;
  /**
   * What tenants take up, by one statement to each of their clusters.
   *
   * @returns for each id, in order, its usage or why there is none: {TenantNotFoundError} {ClusterMissingError}, or the error of
   * its cluster
   */
  measureUsage(ids: readonly string[]): Promise<(TenantUsage | Error)[]>;
  /**
   * Takes up what processes have left undone that are gone: finishes it or undoes it. What fails is logged and left for the next time.
   *
   * @returns how many changes were taken up
   */
  resumeSagas(): Promise<number>;
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
  logger: Logger;
  /** Whether this process looks by itself for sagas that were left undone and for shelves to refill. Default true. */
  keepsHouse?: boolean;
  /** For tests. */
  reachFaultPoint?: ReachFaultPoint;
}

/** Milliseconds between looks for sagas that nobody runs any more. */
const resumeEveryMs = 5000;

/** Milliseconds between looks at the shelves; one that was taken from is looked at sooner. */
const refillEveryMs = 60_000;

export async function createTenantControl(options: TenantControlOptions): Promise<TenantControl> {
  const { catalog, controlDatabaseUrl, keyRing, bus, logger, keepsHouse = true, reachFaultPoint } = options;
  await using cleanup = new AsyncDisposableStack();
  const { db } = cleanup.use(openControlClient({ url: controlDatabaseUrl, applicationName: 'tenantry:control', logger }));
  const clusters = new Map(options.clusters.map((config) => [config.name, cleanup.use(openClusterAdmin(config, logger))]));
  await Promise.all([...clusters.values()].map(async (cluster) => await prepareCluster(cluster, { db, keyRing, logger })));
  // After its tenants are ready for it: from here on every process takes the way that the configuration names.
  for (const config of options.clusters) await registerCluster(db, bus, config);

  const sagas = new Sagas({ db, logger, reachFaultPoint });
  sagas.define(provisioningSaga({ db, keyRing, clusters }));
  const shelves = new Shelves(clusters, options.clusters, { db, keyRing, logger });
  const takeFromShelf: ReservationServices['takeFromShelf'] = async (tx, clusterName) => await shelves.take(tx, clusterName);
  const provisioning = { catalog, db, keyRing, clusters, bus, logger, sagas, takeFromShelf };

  if (keepsHouse) {
    cleanup.use(repeat(async () => void (await sagas.resumeAll()), { everyMs: resumeEveryMs, logger }));
    const refilling = cleanup.use(repeat(async () => void (await shelves.refill()), { everyMs: refillEveryMs, logger }));
    refilling.soon();
    shelves.onTaken(() => refilling.soon());
  }

  const opened = cleanup.move();
  return {
    provisionTenant: async (input, provisionOptions) => await provisionTenant(input, provisionOptions, provisioning),
    suspendTenant: async (id, actor) => await changeStatus(id, 'suspend', actor, { catalog, db, bus }),
    resumeTenant: async (id, actor) => await changeStatus(id, 'resume', actor, { catalog, db, bus }),
    measureUsage: async (ids) => await measureUsage(db, clusters, ids),
    resumeSagas: async () => await sagas.resumeAll(),
    refillShelves: async () => await shelves.refill(),
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
