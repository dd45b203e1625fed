import { createGroupLoader, type Loader } from '@tenantry/subgraph-kit';
import type { Catalog, UsageSample } from '@tenantry/tenant-control';

export interface UsageHistoryArguments {
  first?: number | null;
  from?: Date | null;
  to?: Date | null;
}

/** As the gateway takes a page to be whose size is not given. */
const defaultFirst = 20;

/** Reads the samples of all tenants that are asked for together by one statement, one for each length and time that is asked for. */
export class UsageHistory {
  readonly #catalog: Pick<Catalog, 'listUsageSamples'>;
  readonly #loaders = new Map<string, Loader<readonly UsageSample[]>>();

  constructor(catalog: Pick<Catalog, 'listUsageSamples'>) {
    this.#catalog = catalog;
  }

  /** The oldest first. @throws {BadInputError} */
  async load(tenantId: string, { first, from = null, to = null }: UsageHistoryArguments): Promise<readonly UsageSample[]> {
    const options = { limit: first ?? defaultFirst, from, to };
    const key = JSON.stringify(options);
    const loader = this.#loaders.get(key) ?? this.#open(options);
    this.#loaders.set(key, loader);
    return await loader.load(tenantId);
  }

  #open(options: Parameters<Catalog['listUsageSamples']>[1]): Loader<readonly UsageSample[]> {
    return createGroupLoader(async (ids) => await this.#catalog.listUsageSamples(ids, options), { by: ({ tenantId }) => tenantId });
  }
}
