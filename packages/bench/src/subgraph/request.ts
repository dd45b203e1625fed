import type { SubgraphRequest } from '@tenantry/subgraph-kit';
import { uuid } from './workload.ts';

const principal = {
  issuer: 'https://id.example',
  subject: 'operator',
  tenantId: null,
  scopes: ['tenants:read', 'tenants:impersonate'],
  email: null,
  emailVerified: false,
  expiresAt: null,
};

/** What guards and resolvers read of a request, of somebody who may do everything. There is no database behind it. */
export const request: SubgraphRequest = {
  tenantContext: { principal, tenantId: uuid(0), impersonated: true, origin: null },
  requestId: 'bench',
  operation: 'bench',
  signal: new AbortController().signal,
  viewer: { member: async () => await Promise.resolve(null), requireMember: noDatabase, requireRole: noDatabase },
  principal: () => principal,
  tenantId: () => uuid(0),
  db: noDatabase,
  dbForNonMember: noDatabase,
};

async function noDatabase(): Promise<never> {
  return await Promise.reject(new Error('These subgraphs have no database.'));
}
