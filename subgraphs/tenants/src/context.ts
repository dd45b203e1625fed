import { createLoader, type Loader, type SubgraphContext, type SubgraphRequest, type SubgraphServices } from '@tenantry/subgraph-kit';
import type { Catalog, Tenant, TenantControl, TenantUsage } from '@tenantry/tenant-control';
import DataLoader from 'dataloader';
import { ControlMissingError } from './errors.ts';
import { TenantSettingsStore } from './tenant-settings-store.ts';

/** What the resolvers of this subgraph share for the length of one request. */
export interface TenantsContext extends SubgraphContext {
  readonly catalog: Catalog;
  /** By id, whoever asks: see `visible-tenants.ts` for who may. */
  readonly tenants: Loader<Tenant | null>;
  readonly settings: TenantSettingsStore;
  /** Measured by the clusters' administrators: tenants asked for together by one statement to each cluster, each once a request. */
  readonly usage: Pick<DataLoader<string, TenantUsage>, 'load'>;
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
    usage: new DataLoader(async (ids: readonly string[]) => await demandControl().measureUsage(ids)),
    control: demandControl,
  };
}

function raise(error: Error): never {
  throw error;
}
