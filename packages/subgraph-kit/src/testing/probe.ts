import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineSubgraph, type Resolvers, type Subgraph, type SubgraphContext, type SubgraphDefinition } from '../define-subgraph.ts';

const schema = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@authenticated"])
  type Thing @key(fields: "id") {
    id: ID!
    thing: Thing
  }
  type Query {
    open: String
    thing: Thing
    role: String @authenticated
    userCount: Int @authenticated
    emails: [String!] @authenticated
    userCountForAnyone: Int
    sleep(seconds: Float!): Boolean @authenticated
    broken: String @authenticated
    unchecked: Int
  }
  type Mutation {
    addUser(email: String!, seconds: Float! = 0): Boolean @authenticated
  }
`;

const resolvers: Resolvers<SubgraphContext> = {
  Query: {
    open: () => 'open',
    role: async (_parent, _arguments, { request }) => (await request.viewer.requireMember()).role,
    userCount: async (_parent, _arguments, { request }) => await (await request.db()).user.count(),
    emails: async (_parent, _arguments, { request }) => (await (await request.db()).user.findMany()).map(({ email }) => email),
    userCountForAnyone: async (_parent, _arguments, { request }) => await (await request.dbForNonMember()).user.count(),
    sleep: async (_parent, { seconds }: { seconds: number }, { request }) => {
      await (
        await request.db()
      ).$queryRaw`SELECT pg_sleep(${seconds})::text`;
      return true;
    },
    broken: async (_parent, _arguments, { request }) => {
      await request.db();
      throw new Error('a detail of ours');
    },
    unchecked: async (_parent, _arguments, { request }) => await (await request.db()).user.count(),
  },
  Mutation: {
    addUser: async (_parent, { email, seconds }: { email: string; seconds: number }, { request }) => {
      const db = await request.db();
      await db.$queryRaw`SELECT pg_sleep(${seconds})::text`;
      await db.user.create({ data: { email, name: email } });
      return true;
    },
  },
};

/** A small subgraph whose fields show what the kit does around them. */
export function defineProbe(): Subgraph {
  return defineInline({ schema, resolvers, createContext: (request) => ({ request }) });
}

/** A subgraph called `probe` whose schema is no file. */
export function defineInline<Context extends SubgraphContext>({
  schema: text,
  ...definition
}: Pick<SubgraphDefinition<Context>, 'resolvers' | 'createContext'> & { schema: string }): Subgraph {
  const directory = mkdtempSync(join(tmpdir(), 'tenantry-probe-'));
  const schemaPath = join(directory, 'schema.graphql');
  writeFileSync(schemaPath, text);
  try {
    return defineSubgraph({ name: 'probe', schemaPath, ...definition });
  } finally {
    rmSync(directory, { recursive: true });
  }
}
