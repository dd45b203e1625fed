import { createGroupLoader, createLoader, type Loader } from '@tenantry/subgraph-kit';
import type { Backup, BackupCount, BackupPosition, Catalog } from '@tenantry/tenant-control';

/** Which of a tenant's backups are asked for. */
export interface BackupPage {
  readonly limit: number;
  readonly after: BackupPosition | null;
}

/** Reads the backups of all tenants that are asked for together at once, once for each page that is asked for. */
export class BackupPages {
  readonly #catalog: Pick<Catalog, 'listBackupsOfEach'>;
  readonly #loaders = new Map<string, Loader<readonly Backup[]>>();
  readonly #counts: Loader<BackupCount | null>;

  constructor(catalog: Pick<Catalog, 'listBackupsOfEach' | 'countBackupsOfEach'>) {
    this.#catalog = catalog;
    this.#counts = createLoader(async (ids) => await catalog.countBackupsOfEach(ids), { by: ({ tenantId }) => tenantId });
  }

  /** The newest first. */
  async load(tenantId: string, page: BackupPage): Promise<readonly Backup[]> {
    const key = JSON.stringify(page);
    const loader = this.#loaders.get(key) ?? this.#open(page);
    this.#loaders.set(key, loader);
    return await loader.load(tenantId);
  }

  async count(tenantId: string): Promise<number> {
    return (await this.#counts.load(tenantId))?.count ?? 0;
  }

  #open(page: BackupPage): Loader<readonly Backup[]> {
    return createGroupLoader(async (ids) => await this.#catalog.listBackupsOfEach(ids, page), { by: ({ tenantId }) => tenantId });
  }
}
