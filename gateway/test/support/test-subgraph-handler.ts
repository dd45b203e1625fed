import { createContextVerifier, tenantContextHeader } from '@tenantry/auth';
import { clientSignal, requestIdOf, TenantryError } from '@tenantry/service';
import Fastify from 'fastify';
import { execute, GraphQLError, parse, subscribe, type ExecutionResult } from 'graphql';
import type { SubgraphOperation } from '../../src/index.ts';
import type { CallOptions } from '../../src/transports/subgraph-transport.ts';
import type { TestSubgraph } from './test-subgraphs.ts';

interface TestHandler {
  execute(
    operation: SubgraphOperation,
    signedContext: string | undefined,
    options?: CallOptions & { headers?: readonly string[] },
  ): Promise<ExecutionResult>;
  subscribe(operation: SubgraphOperation, signedContext: string | undefined, options?: CallOptions): AsyncIterable<ExecutionResult>;
}

/** Answers for a test subgraph, in process; checks the signed context as every subgraph does. */
export function handleTestSubgraph({ name, schema }: TestSubgraph, signingKey: Buffer): TestHandler {
  const verifier = createContextVerifier({ key: signingKey, audience: name });
  return {
    async execute({ query, operationName, variables }, signedContext, { requestId, signal, headers = [] } = {}) {
      try {
        const contextValue = { tenant: verifier.verify(signedContext), requestId, headers, signal };
        return await execute({ schema, document: parse(query), operationName, variableValues: variables, contextValue });
      } catch (error) {
        if (!(error instanceof TenantryError)) throw error;
        return refused(error);
      }
    },
    async *subscribe({ query, operationName, variables }, signedContext, { requestId, signal } = {}) {
      try {
        const contextValue = { tenant: verifier.verify(signedContext), requestId, headers: [], signal };
        const results = await subscribe({ schema, document: parse(query), operationName, variableValues: variables, contextValue });
        if (Symbol.asyncIterator in results) yield* results;
        else yield results;
      } catch (error) {
        if (!(error instanceof TenantryError)) throw error;
        yield refused(error);
      }
    },
  };
}

function refused({ message, code }: TenantryError): ExecutionResult {
  return { errors: [new GraphQLError(message, { extensions: { code } })] };
}

/** Serves a test subgraph over HTTP on a free port. */
export async function serveTestSubgraph(subgraph: TestSubgraph, signingKey: Buffer): Promise<AsyncDisposable & { url: string }> {
  const handler = handleTestSubgraph(subgraph, signingKey);
  const server = Fastify({ keepAliveTimeout: 75_000, genReqId: ({ headers }) => requestIdOf(headers) });
  server.post<{ Body: SubgraphOperation }>('/graphql', async (request, reply) => {
    const context = request.headers[tenantContextHeader];
    const headers = Object.keys(request.headers).toSorted();
    const result = await handler.execute(request.body, context?.toString(), {
      requestId: request.id,
      signal: clientSignal(reply),
      headers,
    });
    return await reply.code('data' in result ? 200 : 401).send(result);
  });
  server.get('/readyz', () => ({ status: 'ok' }));
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  return { url, [Symbol.asyncDispose]: async () => await server.close() };
}
