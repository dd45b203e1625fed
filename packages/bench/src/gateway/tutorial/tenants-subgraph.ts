import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '@tenantry/prisma/control';
import { defineService } from '../processes/bench-service.ts';
import { installationSchema } from '../stack/installation.ts';
import { serveTutorialSubgraph } from './serve-subgraph.ts';

interface Context {
  readonly prisma: PrismaClient;
  readonly tenantId: string;
}

const resolvers = {
  Query: {
    tenant: async (_parent: unknown, _args: unknown, { prisma, tenantId }: Context) => {
      return await prisma.tenant.findUniqueOrThrow({ where: { id: tenantId } });
    },
  },
};

export const tutorialTenants = defineService({
  module: import.meta.url,
  name: 'tutorialTenants',
  input: installationSchema,
  serve: async ({ postgresUrl, controlDatabase }) => {
    const connectionString = Object.assign(new URL(postgresUrl), { pathname: `/${controlDatabase}` }).href;
    const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString }) });
    const served = await serveTutorialSubgraph({
      schema: 'tenants.graphql',
      resolvers,
      context: (tenantId): Context => ({ prisma, tenantId }),
    });
    return {
      url: served.url,
      [Symbol.asyncDispose]: async () => {
        await served[Symbol.asyncDispose]();
        await prisma.$disconnect();
      },
    };
  },
});
