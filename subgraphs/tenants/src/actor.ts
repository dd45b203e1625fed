import type { SubgraphRequest } from '@tenantry/subgraph-kit';
import type { Actor } from '@tenantry/tenant-control';

/** Who the catalog records as having done what a request does. */
export function actorOf(request: SubgraphRequest): Actor {
  const { issuer, subject } = request.principal();
  return { issuer, subject, requestId: request.requestId, origin: request.tenantContext.origin };
}
