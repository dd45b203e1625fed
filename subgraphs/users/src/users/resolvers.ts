import type { Resolvers } from '@tenantry/subgraph-kit';
import type { UsersContext } from '../context.ts';
import type { Input, Reference } from '../resolver-arguments.ts';
import { toUserPayload } from '../mutation.ts';
import { listTeamsOfUser } from '../teams/teams-of-user.ts';
import { changeUserRole, type ChangeUserRoleInput } from './change-user-role.ts';
import { findCurrentUser } from './current-user.ts';
import { deactivateUser, reactivateUser } from './deactivate-user.ts';
import { updateUser, type UpdateUserInput } from './update-user.ts';
import { describeChange, followUsers, type UserEvent } from './user-changes.ts';
import { listUsers, type UserConnectionArguments } from './user-connection.ts';
import type { Person } from './user-store.ts';

export const userResolvers = {
  Query: {
    me: async (_root: unknown, _args: unknown, context: UsersContext) => await findCurrentUser(context),
    user: async (_root: unknown, reference: Reference, context: UsersContext) => await findUser(reference, context),
    users: async (_root: unknown, args: UserConnectionArguments, context: UsersContext) => await listUsers(args, context),
  },
  Mutation: {
    updateUser: async (_root: unknown, { input }: Input<UpdateUserInput>, context: UsersContext) =>
      await toUserPayload(context, async () => await updateUser(input, context)),
    changeUserRole: async (_root: unknown, { input }: Input<ChangeUserRoleInput>, context: UsersContext) =>
      await toUserPayload(context, async () => await changeUserRole(input, context)),
    deactivateUser: async (_root: unknown, { id }: Reference, context: UsersContext) =>
      await toUserPayload(context, async () => await deactivateUser(id, context)),
    reactivateUser: async (_root: unknown, { id }: Reference, context: UsersContext) =>
      await toUserPayload(context, async () => await reactivateUser(id, context)),
  },
  Subscription: {
    userChanged: {
      subscribe: async (_root: unknown, { id = null }: { id?: string | null }, context: UsersContext) => await followUsers(id, context),
      resolve: async (event: UserEvent, _args: unknown, context: UsersContext) => await describeChange(event, context),
    },
  },
  User: {
    __resolveReference: async (reference: Reference, context: UsersContext) => await findUser(reference, context),
    teams: async (user: Person, _args: unknown, context: UsersContext) => await listTeamsOfUser(user.id, context),
    tenant: (_user: Person, _args: unknown, { request }: UsersContext) => ({ id: request.tenantId() }),
  },
} satisfies Resolvers<UsersContext>;

async function findUser({ id }: Reference, { request, loaders }: UsersContext): Promise<Person | null> {
  await request.viewer.requireMember();
  return await loaders.users.load(id);
}
