import {
  createLoader,
  createSharedRead,
  type Loader,
  type SubgraphContext,
  type SubgraphRequest,
  type SubgraphServices,
} from '@tenantry/subgraph-kit';
import type { Catalog, Tenant, TenantControl, TenantUsage } from '@tenantry/tenant-control';
import { ControlMissingError } from './errors.ts';
import { TenantSettingsStore } from './tenant-settings-store.ts';

/** What the resolvers of this subgraph share for the length of one request. */
export interface TenantsContext extends SubgraphContext {
  readonly catalog: Catalog;
  /** By id, whoever asks: see `visible-tenants.ts` for who may. */
  readonly tenants: Loader<Tenant | null>;
  readonly settings: TenantSettingsStore;
  /** Measured by a cluster's administrator, at most once a request for each tenant. */
  readonly usage: { load(tenantId: string): Promise<TenantUsage> };
  /** @throws {ControlMissingError} */
  readonly control: () => TenantControl;
}

export function createContext(request: SubgraphRequest, { catalog, control }: SubgraphServices): TenantsContext {
  const demandControl = () => control ?? raise(new ControlMissingError());
  return {
    request,
    catalog,
    tenants: createLoader(async (ids) => await catalog.findTenants(ids), { by: ({ id }) => id }),
    settings: new TenantSettingsStore(async () => await request.db()),
    usage: createSharedRead(async (tenantId: string) => await demandControl().measureUsage(tenantId)),
    control: demandControl,
  };
}

function raise(error: Error): never {
  throw error;
}
