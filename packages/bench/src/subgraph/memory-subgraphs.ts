import { fileURLToPath } from 'node:url';
import {
  createGroupLoader,
  createLoader,
  dateTimeScalar,
  defineSubgraph,
  type SubgraphContext,
  type SubgraphRequest,
} from '@tenantry/subgraph-kit';
import type { GraphQLSchema } from 'graphql';
import { uuid, type Workload } from './workload.ts';

type Context = SubgraphContext & ReturnType<typeof loaders>;

const createdAt = new Date('2026-11-22T10:30:00Z');
const indexOf = (id: string) => Number(id.slice(-12));
const team = (index: number) => ({ id: uuid(1000 + index), name: `Team ${index}`, createdAt, memberCount: 3 });
const user = (id: string) => ({
  id,
  name: `Person ${indexOf(id)}`,
  email: `person-${indexOf(id)}@people.example`,
  role: 'MEMBER',
  status: 'ACTIVE',
  createdAt,
});
const tenant = (id: string) => ({
  id,
  slug: `tenant-${indexOf(id)}`,
  name: `Tenant ${indexOf(id)}`,
  tier: 'STANDARD',
  status: 'ACTIVE',
  createdAt,
});
const page = <Row extends { id: string }>(first: number, make: (id: string) => Row) => ({
  nodes: Array.from({ length: first }, (_, index) => make(uuid(index))),
  pageInfo: { hasNextPage: true, endCursor: uuid(first) },
});

function loaders() {
  return {
    users: createLoader(async (ids) => await Promise.resolve(ids.map(user)), { by: ({ id }) => id }),
    teams: createGroupLoader(async (ids) => await Promise.resolve(ids.flatMap(teamsOf)), { by: ({ userId }) => userId }),
  };
}

function teamsOf(userId: string) {
  return [0, 1].map((offset) => Object.assign(team((indexOf(userId) + offset) % 5), { userId }));
}

/** What resolvers are given for one request: loaders of its own, as in the subgraphs themselves. */
export function contextOf(request: SubgraphRequest): Context {
  return { request, ...loaders() };
}

/** A subscription whose events never come. */
const silent = { subscribe: (): AsyncIterable<never> => new ReadableStream<never>(), resolve: () => null };

/** The schemas of this repository's subgraphs, guards included, over rows in memory: what is left is execution. */
export function openSchemas(): Readonly<Record<Workload['subgraph'], GraphQLSchema>> {
  const users = defineSubgraph<Context>({
    name: 'users',
    schemaPath: schemaPath('users'),
    resolvers: {
      Query: { users: async (_root, { first }: { first: number }) => await Promise.resolve(page(first, user)) },
      Mutation: {
        createTeam: async (_root, { input }: { input: { name: string } }) =>
          await Promise.resolve({ team: { ...team(1), ...input }, userErrors: [] }),
      },
      User: {
        __resolveReference: async ({ id }: { id: string }, context: Context) => await context.users.load(id),
        teams: async ({ id }: { id: string }, _arguments, context) => await context.teams.load(id),
        tenant: (_user, _arguments, { request }) => ({ id: request.tenantId() }),
      },
      Subscription: { userChanged: silent },
      DateTime: dateTimeScalar,
    },
    createContext: contextOf,
  });
  const tenants = defineSubgraph<Context>({
    name: 'tenants',
    schemaPath: schemaPath('tenants'),
    resolvers: {
      Query: { tenants: async (_root, { first }: { first: number }) => await Promise.resolve(page(first, tenant)) },
      Subscription: { provisioningRunChanged: silent },
      DateTime: dateTimeScalar,
    },
    createContext: contextOf,
  });
  return { users: users.schema, tenants: tenants.schema };
}

function schemaPath(name: string): string {
  return fileURLToPath(new URL(`../../../../subgraphs/${name}/schema.graphql`, import.meta.url));
}
