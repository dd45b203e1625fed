import type { Principal } from './principal.ts';

/**
 * What the gateway tells a subgraph: who asks, and whose data they may touch. Signed on its way; the same for all requests of one caller, so
 * that it is signed once for many.
 */
export interface TenantContext {
  /** Null when nobody is signed in: such a request reaches only what is public in a schema. */
  readonly principal: Principal | null;
  /** The one tenant whose database the request may touch: the token's own, or one that an operator narrowed to. */
  readonly tenantId: string | null;
  /** True when a platform operator acts within a tenant; every such request is audited. */
  readonly impersonated: boolean;
  /** Address that the client called from, as the gateway saw it; null when it is not known. */
  readonly origin: string | null;
}

/** The header that carries a signed {@link TenantContext} from the gateway to a subgraph. */
export const tenantContextHeader = 'x-tenantry-context';
