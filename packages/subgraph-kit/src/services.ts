import type { KeyRing, Logger } from '@tenantry/service';
import {
  createTenantControl,
  openBackupStore,
  openCatalog,
  openTenantJobs,
  type BackupPolicy,
  type BackupStoreConfig,
  type Catalog,
  type ClusterConfig,
  type TenantControl,
  type TenantJobs,
} from '@tenantry/tenant-control';
import {
  createTenantDirectory,
  createTenantPool,
  defaultLimits,
  openPostgresBus,
  openPostgresShares,
  openRedisBus,
  openRedisShares,
  openTenantEvents,
  reportOutages,
  type InvalidationBus,
  type PoolLimits,
  type ShareRegister,
  type TenantEvents,
  type TenantPool,
} from '@tenantry/tenant-pool';
import { Redis } from 'ioredis';
import type { Registry } from 'prom-client';
import { gatheredTenants } from './gathered-tenants.ts';
import { MemberLookups } from './member-lookups.ts';
import { TenantActivity } from './tenant-activity.ts';
import type { SubscriptionLimits } from './subscriptions/limits.ts';
import { Subscriptions } from './subscriptions/subscriptions.ts';
import { openWakingPool } from './waking-pool.ts';

/** What a process offers to its subgraphs. */
export interface SubgraphServices {
  readonly pool: TenantPool;
  /** Shared by all requests of the process. */
  readonly members: MemberLookups;
  readonly catalog: Catalog;
  /** Null in a process that holds no cluster's administrator credentials. */
  readonly control: TenantControl | null;
  /** Queues what is to be done for a tenant apart from the request. */
  readonly jobs: TenantJobs;
  /** Tells subscribers, in whatever process, what has changed. */
  readonly events: TenantEvents;
  readonly subscriptions: Subscriptions;
  readonly logger: Logger;
}

/** Closes what it holds in the reverse order of its opening. */
export interface OpenServices extends SubgraphServices, AsyncDisposable {
  /** The same pool for jobs: its leases do not count as use of a tenant, and wake none. */
  readonly jobPool: TenantPool;
}

export interface ServicesConfig {
  /** Name of the process, as tenants' databases see it. */
  service: string;
  controlDatabaseUrl: string;
  /** With their administrators' credentials; none for a process that provisions nothing. */
  clusters: readonly ClusterConfig[];
  /** Connections to each cluster over all processes of the installation, which take equal shares of them. Default 60. */
  clusterConnections?: PoolLimits['connectionsPerCluster'];
  /** Milliseconds that a request waits for a tenant that is waking or being migrated. Default 5000. */
  waitForTenantMs?: number;
  /** Milliseconds between records of which tenants are in use. Default 60000. */
  recordActivityMs?: number;
  /** Subscriptions that are open at the same time, at most. Default: 10000 in this process, 1000 of a tenant. */
  subscriptionLimits?: Partial<SubscriptionLimits>;
  /** Milliseconds between looks whether the tenants of open subscriptions are still served, in case word of a change was lost. Default 30000. */
  recheckTenantsMs?: number;
  keyRing: KeyRing;
  /** Signs the tenant contexts of jobs; shared with the workers. */
  signingKey: Buffer;
  /**
   * Null: tenants' placements are cached in memory only, and their changes told through Postgres, where the processes then agree on
   * their shares of connections, too.
   */
  redisUrl: string | null;
  /** Where backups and exports of tenants are kept. Default null: nowhere. */
  backupStore?: BackupStoreConfig | null;
  /** How often tenants are backed up, and for how long that is kept. Default: as the control plane has it. */
  backupPolicy?: BackupPolicy;
  logger: Logger;
  metrics: Registry;
}

/** Long enough to wake a tenant whose database was kept. */
const defaultWaitForTenantMs = 5000;

/** Opens all that subgraphs need, once a process. The control database is there and migrated. */
export async function openServices(config: ServicesConfig): Promise<OpenServices> {
  const { service, controlDatabaseUrl, clusters, keyRing, signingKey, logger, metrics } = config;
  const { clusterConnections: connectionsPerCluster = defaultLimits.connectionsPerCluster } = config;
  const { waitForTenantMs = defaultWaitForTenantMs, recordActivityMs: everyMs } = config;
  await using opened = new AsyncDisposableStack();
  const ungathered = opened.use(openCatalog({ controlDatabaseUrl, logger }));
  const catalog: Catalog = { ...ungathered, findTenants: gatheredTenants(ungathered) };
  const redis = config.redisUrl === null ? null : opened.use(connectRedis(config.redisUrl, logger)).redis;
  const bus = opened.use(await openBus(redis, controlDatabaseUrl, logger));
  const directory = opened.use(createTenantDirectory({ source: catalog, bus, logger, metrics, ...(redis && { redis }) }));
  const events = opened.use(openTenantEvents({ controlDatabaseUrl, redis, logger }));
  const { subscriptionLimits, recheckTenantsMs: recheckMs } = config;
  const subscriptions = opened.use(new Subscriptions({ directory, limits: subscriptionLimits, recheckMs, metrics }));
  const shares = opened.use(openShares(redis, controlDatabaseUrl, logger));
  const activity = opened.use(new TenantActivity({ catalog, logger, everyMs }));
  const limits = { connectionsPerCluster, waitForTenantMs };
  const jobs = opened.use(openTenantJobs({ controlDatabaseUrl, signingKey, logger }));
  const jobPool = await createTenantPool({ directory, keyRing, service, logger, metrics, shares, limits });
  const pool = opened.use(openWakingPool(jobPool, { directory, bus, catalog, activity, logger }));
  const control = clusters.length === 0 ? null : opened.use(await openControl(config, { catalog, bus, events }, opened));
  const running = opened.move();
  const members = new MemberLookups();
  const services = { pool, jobPool, members, catalog, control, jobs, events, subscriptions, logger };
  return { ...services, [Symbol.asyncDispose]: async () => await running.disposeAsync() };
}

async function openControl(
  { controlDatabaseUrl, clusters, keyRing, backupStore = null, backupPolicy, logger }: ServicesConfig,
  { catalog, bus, events }: { catalog: Catalog; bus: InvalidationBus; events: TenantEvents },
  opened: AsyncDisposableStack,
): Promise<TenantControl> {
  const store = backupStore ? opened.use(await openBackupStore(backupStore)) : undefined;
  return await createTenantControl({ catalog, controlDatabaseUrl, clusters, keyRing, bus, events, logger, store, backupPolicy });
}

/** An id that no tenant has (RFC 9562 §5.9): to ask for it costs a round trip and nothing more. */
const nilUuid = '00000000-0000-0000-0000-000000000000';

/** @throws when the control database does not answer */
export async function checkReadiness({ catalog }: Pick<SubgraphServices, 'catalog'>): Promise<void> {
  await catalog.findTenants([nilUuid]);
}

async function openBus(redis: Redis | null, controlDatabaseUrl: string, logger: Logger): Promise<InvalidationBus & AsyncDisposable> {
  return redis ? await openRedisBus({ redis, logger }) : await openPostgresBus({ controlDatabaseUrl, logger });
}

function openShares(redis: Redis | null, controlDatabaseUrl: string, logger: Logger): ShareRegister {
  if (!redis) return openPostgresShares({ controlDatabaseUrl, logger });
  // What an installation has of its own, however its processes reach it.
  const installation = new URL(controlDatabaseUrl).pathname.slice(1);
  return openRedisShares({ redis, installation, logger });
}

/** Milliseconds that Redis gets to answer, before it counts as down. */
const redisDeadlineMs = 1000;

function connectRedis(url: string, logger: Logger): Disposable & { redis: Redis } {
  const redis = new Redis(url, { maxRetriesPerRequest: 1, connectTimeout: redisDeadlineMs, commandTimeout: redisDeadlineMs });
  reportOutages(redis, logger, 'directory cache');
  return { redis, [Symbol.dispose]: () => redis.disconnect() };
}
