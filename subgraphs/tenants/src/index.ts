import { dateTimeScalar, defineSubgraph } from '@tenantry/subgraph-kit';
import { createContext } from './context.ts';
import { auditResolvers } from './resolvers/audit.ts';
import { backupResolvers } from './resolvers/backup.ts';
import { mutationResolvers } from './resolvers/mutation.ts';
import { queryResolvers } from './resolvers/query.ts';
import { runResolvers } from './resolvers/run.ts';
import { tenantResolvers } from './resolvers/tenant.ts';

export default defineSubgraph({
  name: 'tenants',
  schemaPath: new URL('../schema.graphql', import.meta.url),
  resolvers: {
    ...queryResolvers,
    ...mutationResolvers,
    ...tenantResolvers,
    ...auditResolvers,
    ...runResolvers,
    Backup: backupResolvers.Backup,
    DateTime: dateTimeScalar,
  },
  createContext,
});
