export type { BreakerOptions } from './breaker/breaker-options.ts';
export { openPostgresBus, type PostgresBusOptions } from './directory/postgres-bus.ts';
export { checkPlacement, type CheckPlacementOptions } from './connections/check-placement.ts';
export { reportOutages } from './directory/report-outages.ts';
export { openRedisBus, type RedisBusOptions } from './directory/redis-bus.ts';
export type { InvalidationBus } from './directory/invalidation-bus.ts';
export type { PlacementSource, TenantPlacement } from './directory/placement.ts';
export type { ChangeFeed } from './events/change-feed.ts';
export type { TenantChange } from './events/tenant-change.ts';
export { openTenantEvents, type ChangeScope, type TenantEvents, type TenantEventsOptions } from './events/tenant-events.ts';
export { createTenantDirectory, type TenantDirectory, type TenantDirectoryOptions } from './directory/tenant-directory.ts';
export {
  DuplicateDriverError,
  IsolationError,
  LeaseEndedError,
  LeaseOverdueError,
  LeaseRevokedError,
  NoTenantError,
  TenantBusyError,
  TenantMigratingError,
  TenantNotFoundError,
  TenantSuspendedError,
  TenantUnavailableError,
  TenantWakingError,
  UnboundedRoleError,
  UnsupportedOperationError,
} from './errors.ts';
export type { TenantClientModule } from './handles/client-module.ts';
export type { ClientStrategy } from './handles/tenant-clients.ts';
export type { LeaseOptions, TenantDb, TenantLease, TenantPool } from './lease.ts';
export { defaultLimits, type PoolLimits } from './limits.ts';
export { clusterConnectionsVariable } from './shares/cluster-connections.ts';
export { openPostgresShares, type PostgresSharesOptions } from './shares/postgres-shares.ts';
export { openRedisShares, type RedisSharesOptions } from './shares/redis-shares.ts';
export type { ClusterShare, ShareRegister } from './shares/share-register.ts';
export { sslModes, type SslMode } from './connections/tls.ts';
export { standingOf } from './tenants/serving.ts';
export { createTenantPool, type TenantPoolOptions } from './tenant-pool.ts';
