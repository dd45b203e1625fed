export type { Principal } from './principal.ts';
export { tenantContextHeader, type TenantContext } from './tenant-context.ts';
