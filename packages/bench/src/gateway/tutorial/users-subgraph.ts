import type { PrismaClient } from '@tenantry/prisma/tenant';
import DataLoader from 'dataloader';
import { defineService } from '../processes/bench-service.ts';
import { installationSchema } from '../stack/installation.ts';
import { serveTutorialSubgraph } from './serve-subgraph.ts';
import { TenantClients } from './tenant-clients.ts';

interface Context {
  readonly prisma: PrismaClient;
  readonly teamsOfUser: DataLoader<string, { id: string; name: string }[]>;
}

const resolvers = {
  Query: {
    users: async (_: unknown, { first }: { first: number }, { prisma }: Context) => ({
      nodes: await prisma.user.findMany({ orderBy: [{ createdAt: 'asc' }, { id: 'asc' }], take: first }),
    }),
  },
  User: {
    teams: async ({ id }: { id: string }, _: unknown, { teamsOfUser }: Context) => await teamsOfUser.load(id),
  },
};

export const tutorialUsers = defineService({
  module: import.meta.url,
  name: 'tutorialUsers',
  input: installationSchema,
  serve: async ({ tenants }) => {
    const clients = new TenantClients(new Map(tenants.map(({ id, databaseUrl }) => [id, databaseUrl])));
    const context = (tenantId: string): Context => {
      const prisma = clients.clientOf(tenantId);
      return { prisma, teamsOfUser: teamLoader(prisma) };
    };
    const served = await serveTutorialSubgraph({ schema: 'users.graphql', resolvers, context });
    return {
      url: served.url,
      [Symbol.asyncDispose]: async () => {
        await served[Symbol.asyncDispose]();
        await clients[Symbol.asyncDispose]();
      },
    };
  },
});

function teamLoader(prisma: PrismaClient): Context['teamsOfUser'] {
  return new DataLoader(async (userIds) => {
    const memberships = await prisma.teamMember.findMany({
      where: { userId: { in: [...userIds] } },
      include: { team: true },
      orderBy: { team: { name: 'asc' } },
    });
    const byUser = Map.groupBy(memberships, ({ userId }) => userId);
    return userIds.map((userId) => (byUser.get(userId) ?? []).map(({ team }) => team));
  });
}
