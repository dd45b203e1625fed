export type { AuditRecord } from './catalog/audit.ts';
export { openCatalog, type Catalog, type CatalogOptions } from './catalog/catalog.ts';
export type { ListTenantsOptions, TenantFilter, TenantPosition } from './catalog/tenant-list.ts';
export { clusterVariable, type ClusterConfig } from './clusters/cluster-config.ts';
export { prepareControlDatabase } from './control-database.ts';
export {
  ClusterMissingError,
  IdempotencyKeyReusedError,
  IllegalTransitionError,
  ProvisioningError,
  ProvisioningUnfinishedError,
  SlugTakenError,
  UnknownClusterError,
} from './errors.ts';
export { provisionInputSchema, type ProvisionInput } from './provisioning/provision-input.ts';
export type { ProvisionOptions } from './provisioning/provision-tenant.ts';
export { createTenantControl, type TenantControl, type TenantControlOptions } from './tenant-control.ts';
export type { Actor, Tenant } from './tenant.ts';
export type { TenantUsage } from './usage.ts';
