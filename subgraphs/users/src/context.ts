import type { SubgraphContext, SubgraphRequest, SubgraphServices } from '@tenantry/subgraph-kit';
import { createLoaders, type Loaders } from './loaders.ts';

/** What the resolvers of this subgraph share for the length of one request. */
export interface UsersContext extends SubgraphContext {
  readonly loaders: Loaders;
  /** Carries word of changes to those who subscribe to them. */
  readonly events: SubgraphServices['events'];
}

export function createContext(request: SubgraphRequest, { events }: SubgraphServices): UsersContext {
  return { request, loaders: createLoaders(async () => await request.db()), events };
}
