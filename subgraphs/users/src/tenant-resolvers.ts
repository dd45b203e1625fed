import { canonicalUuid, ForbiddenError } from '@tenantry/service';
import type { Resolvers } from '@tenantry/subgraph-kit';
import type { UsersContext } from './context.ts';
import type { Reference } from './resolver-arguments.ts';
import { listUsers, type UserConnectionArguments } from './users/user-connection.ts';

/** What this subgraph adds to the tenant, whose entity is the tenants subgraph's. */
export const tenantResolvers = {
  Tenant: {
    __resolveReference: ({ id }: Reference, context: UsersContext) => ({ id: requireOwnTenant(id, context) }),
    users: async (_tenant: unknown, args: UserConnectionArguments, context: UsersContext) => await listUsers(args, context),
    userCount: async (_tenant: unknown, _args: unknown, { loaders }: UsersContext) => await loaders.userCounts.load({}),
  },
} satisfies Resolvers<UsersContext>;

/** @throws {ForbiddenError} when `id` is another tenant than the request's: its people are in a database out of reach */
function requireOwnTenant(id: string, { request }: UsersContext): string {
  const own = request.tenantId();
  if (canonicalUuid(id) === own) return own;
  throw new ForbiddenError("Another tenant's people cannot be had in this request.");
}
