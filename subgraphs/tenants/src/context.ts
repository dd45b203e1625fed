import {
  createGroupLoader,
  createLoader,
  type Loader,
  type SubgraphContext,
  type SubgraphRequest,
  type SubgraphServices,
} from '@tenantry/subgraph-kit';
import type { Catalog, SagaRun, Tenant, TenantControl, TenantUsage } from '@tenantry/tenant-control';
import DataLoader from 'dataloader';
import { BackupPages } from './backup-pages.ts';
import { ControlMissingError } from './errors.ts';
import { patienceMs } from './long-work.ts';
import { TenantSettingsStore } from './tenant-settings-store.ts';
import { UsageHistory } from './usage-history.ts';

/** What the resolvers of this subgraph share for the length of one request. */
export interface TenantsContext extends SubgraphContext {
  readonly catalog: Catalog;
  /** Carries word of changes to those who subscribe to them. */
  readonly events: SubgraphServices['events'];
  /** By id, whoever asks: see `visible-tenants.ts` for who may. */
  readonly tenants: Loader<Tenant | null>;
  /** By tenant: the latest of each, the newest first. */
  readonly runs: Loader<readonly SagaRun[]>;
  readonly backups: BackupPages;
  readonly settings: TenantSettingsStore;
  /** Measured by the clusters' administrators: tenants asked for together by one statement to each cluster, each once a request. */
  readonly usage: Pick<DataLoader<string, TenantUsage>, 'load'>;
  readonly usageHistory: UsageHistory;
  /** Milliseconds that a mutation waits for work that may take long. */
  readonly patienceMs: number;
  /** @throws {ControlMissingError} */
  readonly control: () => TenantControl;
}

/** Runs of a tenant that are told of. */
const latestRuns = 20;

export function createContext(request: SubgraphRequest, { catalog, control, events }: SubgraphServices): TenantsContext {
  const demandControl = () => control ?? raise(new ControlMissingError());
  return {
    request,
    catalog,
    events,
    tenants: createLoader(async (ids) => await catalog.findTenants(ids), { by: ({ id }) => id }),
    runs: createGroupLoader(async (ids) => await catalog.findLatestRuns(ids, latestRuns), { by: ({ tenantId }) => tenantId }),
    backups: new BackupPages(catalog),
    settings: new TenantSettingsStore(async () => await request.db()),
    usage: new DataLoader(async (ids: readonly string[]) => await demandControl().measureUsage(ids)),
    usageHistory: new UsageHistory(catalog),
    patienceMs,
    control: demandControl,
  };
}

function raise(error: Error): never {
  throw error;
}
