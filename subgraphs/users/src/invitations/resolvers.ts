import type { Invitation } from '@tenantry/prisma/tenant';
import type { Resolvers } from '@tenantry/subgraph-kit';
import type { UsersContext } from '../context.ts';
import { toPayload, toUserPayload } from '../mutation.ts';
import type { Input, Reference } from '../resolver-arguments.ts';
import type { Person } from '../users/user-store.ts';
import { acceptInvitation } from './accept-invitation.ts';
import { listInvitations, type InvitationConnectionArguments } from './invitation-connection.ts';
import { invitationStatus } from './invitation-status.ts';
import { inviteUser, type InviteUserInput } from './invite-user.ts';
import { revokeInvitation } from './revoke-invitation.ts';

export const invitationResolvers = {
  Query: {
    invitations: async (_root: unknown, args: InvitationConnectionArguments, context: UsersContext) => await listInvitations(args, context),
  },
  Mutation: {
    inviteUser: async (_root: unknown, { input }: Input<InviteUserInput>, context: UsersContext) =>
      await toUserPayload(context, async () => await inviteUser(input, context)),
    revokeInvitation: async (_root: unknown, { id }: Reference, context: UsersContext) =>
      await toPayload(context, async () => await revokeInvitation(id, context)),
    acceptInvitation: async (_root: unknown, _args: unknown, context: UsersContext) =>
      await toUserPayload(context, async () => await acceptInvitation(context)),
  },
  Invitation: {
    __resolveReference: async ({ id }: Reference, { request, loaders }: UsersContext) => {
      await request.viewer.requireRole('ADMIN');
      return await loaders.invitations.load(id);
    },
    email: async (invitation: Invitation, _args: unknown, context: UsersContext) => (await findInvitee(invitation, context))?.email,
    role: async (invitation: Invitation, _args: unknown, context: UsersContext) => (await findInvitee(invitation, context))?.role,
    status: invitationStatus,
    user: async (invitation: Invitation, _args: unknown, context: UsersContext) => await findInvitee(invitation, context),
    invitedBy: async ({ invitedById }: Invitation, _args: unknown, { loaders }: UsersContext) =>
      invitedById && (await loaders.users.load(invitedById)),
  },
} satisfies Resolvers<UsersContext>;

async function findInvitee({ userId }: Invitation, { loaders }: UsersContext): Promise<Person | null> {
  return await loaders.users.load(userId);
}
