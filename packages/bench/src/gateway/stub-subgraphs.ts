import type { IncomingMessage } from 'node:http';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { execute, parse, type DocumentNode, type GraphQLSchema } from 'graphql';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { defineService } from './processes/bench-service.ts';
import { listenOnFreePort } from './processes/listen.ts';
import { benchSubgraphs } from './subgraphs.ts';

/** Bytes of answers that are kept: all that a run asks for. */
const keptBytes = 1024 * 2 ** 20;

const operationSchema = z.object({ query: z.string(), variables: z.record(z.string(), z.unknown()).nullish() });

/**
 * All subgraphs in one process, each under its name, and the keys that tokens are signed with at `/jwks`. An operation is executed once for
 * its variables; from then on its answer is there as bytes. Whoever asks is answered.
 */
export const stubSubgraphs = defineService({
  module: import.meta.url,
  name: 'stubSubgraphs',
  input: z.object({ jwks: z.unknown() }),
  serve: async ({ jwks }) => {
    const answers = new Map<string, Answer>(
      benchSubgraphs.map(({ name, typeDefs, resolvers }) => {
        return [`/${name}`, answersOf(buildSubgraphSchema([{ typeDefs, resolvers }]))];
      }),
    );
    answers.set('/jwks', async () => Buffer.from(JSON.stringify(jwks)));
    return await listenOnFreePort((request, response) => {
      const answer = answers.get(request.url ?? '') ?? nowhere;
      bodyOf(request)
        .then(answer)
        .then(
          (bytes) => response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length }).end(bytes),
          (error: unknown) => response.writeHead(500).end(String(error)),
        );
    });
  },
});

/** To a request's body. Rejects what is no GraphQL operation. */
type Answer = (body: string) => Promise<Buffer>;

const nowhere: Answer = async () => {
  throw new RangeError('There is no such subgraph.');
};

function answersOf(schema: GraphQLSchema): Answer {
  const documents = new Map<string, DocumentNode>();
  const known = new LRUCache<string, Buffer>({ maxSize: keptBytes, sizeCalculation: ({ length }, key) => length + key.length });
  return async (body) => {
    const { query, variables } = operationSchema.parse(JSON.parse(body));
    const key = `${query}\n${JSON.stringify(variables)}`;
    const bytes = known.get(key);
    if (bytes) return bytes;
    const document = documents.get(query) ?? parse(query, { noLocation: true });
    documents.set(query, document);
    const computed = Buffer.from(JSON.stringify(await execute({ schema, document, variableValues: variables })));
    known.set(key, computed);
    return computed;
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
