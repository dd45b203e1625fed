import { readFileSync } from 'node:fs';
import Fastify from 'fastify';
import { z } from 'zod';
import { defineService } from '../processes/bench-service.ts';
import { referenceAnswers } from '../reference.ts';
import { siteSchema } from '../site.ts';
import { workloads } from '../workloads/workloads.ts';
import type { GatewayContender } from './contender.ts';

export const fastifyFromMemory = defineService({
  module: import.meta.url,
  name: 'fastifyFromMemory',
  input: z.object({ site: siteSchema, workload: z.string() }),
  serve: async ({ site, workload }) => {
    const findAnswer = referenceAnswers(readFileSync(site.supergraphPath, 'utf8'));
    const requests = workloads.find(({ name }) => name === workload)?.requests ?? [];
    const answers = new Map(requests.map((request) => [JSON.stringify(request), Buffer.from(JSON.stringify(findAnswer(request)))]));
    const server = Fastify();
    server.removeAllContentTypeParsers();
    server.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, body));
    server.post<{ Body: string }>('/graphql', (request, reply) => {
      void reply.header('content-type', 'application/json').send(answers.get(request.body));
    });
    const url = await server.listen({ host: '127.0.0.1', port: 0 });
    return { url: `${url}/graphql`, [Symbol.asyncDispose]: async () => await server.close() };
  },
});

/** What no gateway can beat: it verifies nothing, plans nothing and asks nobody. */
export const fastifyLimit: GatewayContender = {
  name: 'Fastify, the same bytes from memory',
  setUp: 'looks the request’s body up, and verifies no token',
  start: async (site, { name: workload }) => await fastifyFromMemory.start({ site, workload }),
};
