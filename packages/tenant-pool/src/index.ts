export type { PlacementSource, TenantPlacement } from './directory/placement.ts';
export type { LeaseOptions, TenantDb, TenantLease, TenantPool } from './lease.ts';
