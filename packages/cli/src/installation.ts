import { keyRingVariable, parseEnvironment, variable, type Environment, type Logger } from '@tenantry/service';
import {
  backupPolicyVariable,
  backupStoreVariable,
  clusterVariable,
  createTenantControl,
  openBackupStore,
  openCatalog,
  type Catalog,
  type TenantControl,
} from '@tenantry/tenant-control';
import { openPostgresBus, openRedisBus, openTenantEvents } from '@tenantry/tenant-pool';
import { Redis } from 'ioredis';

/** An installation of Tenantry as the environment names it. What is not used is not opened. */
export interface OpenInstallation extends AsyncDisposable {
  /** @throws {ConfigError} */
  catalog(): Catalog;
  /** Keeps no house: what this process leaves undone, a service takes up. @throws {ConfigError} */
  control(): Promise<TenantControl>;
}

const catalogVariables = { CONTROL_DATABASE_URL: variable.url('URL of the control database', 'postgres:', 'postgresql:') };

const controlVariables = {
  ...catalogVariables,
  TENANT_CLUSTERS: clusterVariable,
  CREDENTIALS_KEY: keyRingVariable,
  REDIS_URL: variable.url('URL of Redis', 'redis:', 'rediss:').optional(),
  BACKUP_STORE: backupStoreVariable.optional(),
  BACKUP_POLICY: backupPolicyVariable.optional(),
};

export function openInstallation(environment: Environment, logger: Logger): OpenInstallation {
  const opened = new AsyncDisposableStack();
  let openedCatalog: Catalog | undefined;
  let openedControl: Promise<TenantControl> | undefined;

  function catalog(): Catalog {
    if (openedCatalog) return openedCatalog;
    const { CONTROL_DATABASE_URL: controlDatabaseUrl } = parseEnvironment(catalogVariables, environment);
    return (openedCatalog = opened.use(openCatalog({ controlDatabaseUrl, logger })));
  }

  async function openControl(): Promise<TenantControl> {
    const env = parseEnvironment(controlVariables, environment);
    const { CONTROL_DATABASE_URL: controlDatabaseUrl, TENANT_CLUSTERS: clusters, CREDENTIALS_KEY: keyRing } = env;
    const redis = env.REDIS_URL === undefined ? null : opened.use(connectRedis(env.REDIS_URL, logger)).redis;
    const bus = opened.use(await (redis ? openRedisBus({ redis, logger }) : openPostgresBus({ controlDatabaseUrl, logger })));
    const events = opened.use(openTenantEvents({ controlDatabaseUrl, redis, logger }));
    const store = env.BACKUP_STORE && opened.use(await openBackupStore(env.BACKUP_STORE));
    const backups = { store, backupPolicy: env.BACKUP_POLICY };
    const options = { catalog: catalog(), controlDatabaseUrl, clusters, keyRing, bus, events, logger, keepsHouse: false, ...backups };
    return opened.use(await createTenantControl(options));
  }

  return {
    catalog,
    control: async () => await (openedControl ??= openControl()),
    [Symbol.asyncDispose]: async () => await opened.disposeAsync(),
  };
}

/** Milliseconds that Redis gets to answer. */
const redisDeadlineMs = 1000;

function connectRedis(url: string, logger: Logger): Disposable & { redis: Redis } {
  const redis = new Redis(url, { maxRetriesPerRequest: 1, connectTimeout: redisDeadlineMs, commandTimeout: redisDeadlineMs });
  redis.on('error', (err: unknown) => logger.warn({ err }, 'Redis does not answer'));
  return { redis, [Symbol.dispose]: () => redis.disconnect() };
}
