import type { SubgraphContext, SubgraphRequest } from '@tenantry/subgraph-kit';
import { createLoaders, type Loaders } from './loaders.ts';

/** What the resolvers of this subgraph share for the length of one request. */
export interface UsersContext extends SubgraphContext {
  readonly loaders: Loaders;
}

export function createContext(request: SubgraphRequest): UsersContext {
  return { request, loaders: createLoaders(async () => await request.db()) };
}
