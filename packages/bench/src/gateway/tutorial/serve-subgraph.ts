import { readFileSync } from 'node:fs';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { buildSubgraphSchema, type GraphQLResolverMap } from '@apollo/subgraph';
import { parse } from 'graphql';
import type { Served } from '../processes/bench-service.ts';

export interface TutorialSubgraph<Context extends object> {
  /** File beside this one. */
  schema: string;
  resolvers: GraphQLResolverMap<Context>;
  /** @param tenantId as the gateway says it, which is believed */
  context: (tenantId: string) => Context;
}

/** A subgraph as Apollo's documentation begins one: standalone. */
export async function serveTutorialSubgraph<Context extends object>(subgraph: TutorialSubgraph<Context>): Promise<Served> {
  const typeDefs = parse(readFileSync(new URL(subgraph.schema, import.meta.url), 'utf8'));
  const server = new ApolloServer<Context>({ schema: buildSubgraphSchema([{ typeDefs, resolvers: subgraph.resolvers }]) });
  const { url } = await startStandaloneServer(server, {
    listen: { host: '127.0.0.1', port: 0 },
    context: async ({ req }) => subgraph.context(String(req.headers['x-tenant-id'])),
  });
  return { url, [Symbol.asyncDispose]: async () => await server.stop() };
}
