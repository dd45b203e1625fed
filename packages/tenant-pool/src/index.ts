export { openPostgresBus, type PostgresBusOptions } from './directory/postgres-bus.ts';
export { reportOutages } from './directory/report-outages.ts';
export { openRedisBus, type RedisBusOptions } from './directory/redis-bus.ts';
export type { InvalidationBus } from './directory/invalidation-bus.ts';
export type { PlacementSource, TenantPlacement } from './directory/placement.ts';
export { createTenantDirectory, type TenantDirectory, type TenantDirectoryOptions } from './directory/tenant-directory.ts';
export {
  DuplicateDriverError,
  IsolationError,
  LeaseEndedError,
  LeaseRevokedError,
  NoTenantError,
  TenantBusyError,
  TenantMigratingError,
  TenantNotFoundError,
  TenantSuspendedError,
  TenantUnavailableError,
  TenantWakingError,
  UnsupportedOperationError,
} from './errors.ts';
export type { LeaseOptions, TenantDb, TenantLease, TenantPool } from './lease.ts';
export type { PoolLimits } from './limits.ts';
export { createTenantPool, type TenantPoolOptions } from './tenant-pool.ts';
