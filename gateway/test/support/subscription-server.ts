import { randomBytes } from 'node:crypto';
import { createContextSigner, createTokenVerifier, type TokenVerifier } from '@tenantry/auth';
import { requestIdOf, silentLogger, type Logger } from '@tenantry/service';
import Fastify from 'fastify';
import { GraphQLError, print, type ExecutionResult } from 'graphql';
import { Registry } from 'prom-client';
import { createAuthorization } from '../../src/authorization/authorize-operation.ts';
import { SubscribeAgainError } from '../../src/errors.ts';
import type { OperationResult } from '../../src/execution/operation-result.ts';
import type { GatewayContext } from '../../src/http/gateway-context.ts';
import { createOperationCheck } from '../../src/http/operation-checks.ts';
import { keepRecords, type AcceptedOperation } from '../../src/http/request-record.ts';
import { createAnswerSizeCheck } from '../../src/limits/answer-size.ts';
import { createSizeCheck, defaultLimits } from '../../src/limits/operation-size.ts';
import type { SubgraphOperation } from '../../src/index.ts';
import { serveSubscriptions, type SubscriptionsOptions } from '../../src/subscriptions/serve-subscriptions.ts';
import { secret, tokens } from './test-gateway.ts';
import { handleTestSubgraph } from './test-subgraph-handler.ts';
import { testSubgraphs } from './test-subgraphs.ts';
import { testApi } from './test-supergraph.ts';

export interface SubscriptionServerOptions extends Partial<SubscriptionsOptions> {
  logger?: Logger;
}

export interface SubscriptionServer extends AsyncDisposable {
  /** Of `/graphql`. */
  readonly url: string;
  readonly webSocketUrl: string;
  readonly verifier: TokenVerifier;
  readonly metrics: Registry;
  close(): Promise<void>;
}

const api = testApi();

/** A server that has subscriptions of the test subgraph `people`, which every operation goes to as it is. */
export async function startSubscriptionServer(options: SubscriptionServerOptions = {}): Promise<SubscriptionServer> {
  const verifier = createTokenVerifier({
    issuers: [{ kind: 'secret', issuer: tokens.issuer, secret }],
    audience: tokens.audience,
    tenantClaim: 'tenant_id',
  });
  const metrics = new Registry();
  const server = Fastify({ genReqId: ({ headers }) => requestIdOf(headers), forceCloseConnections: true });
  const checkOptions = { checkSize: createSizeCheck(defaultLimits), checkAnswerSize: createAnswerSizeCheck(defaultLimits) };
  const check = createOperationCheck({ ...checkOptions, authorize: createAuthorization(api.rules) });
  await server.register(async (scope) => {
    keepRecords(scope);
    scope.post('/graphql', () => ({ answeredBy: 'the route of requests' }));
    serveSubscriptions(scope, {
      mode: 'development',
      verifier,
      api: () => ({ schema: api.schema, check }),
      execution: passToPeople(),
      operationLimits: defaultLimits,
      corsOrigins: ['https://app.example.com'],
      trustedProxies: [],
      logger: silentLogger,
      metrics,
      ...options,
    });
  });
  const url = `${await server.listen({ host: '127.0.0.1', port: 0 })}/graphql`;
  const close = async () => await server.close();
  return { url, webSocketUrl: url.replace('http:', 'ws:'), verifier, metrics, close, [Symbol.asyncDispose]: close };
}

/** Calls the subgraph directly: what its own API does not have is not asked in these tests. */
function passToPeople(): SubscriptionsOptions['execution'] {
  const people = testSubgraphs.find(({ name }) => name === 'people');
  if (!people) throw new Error('There is no test subgraph people.');
  const signingKey = randomBytes(32);
  const handler = handleTestSubgraph(people, signingKey);
  const signer = createContextSigner({ key: signingKey });
  const sign = ({ tenantContext }: GatewayContext) => signer.sign(tenantContext, 'people');
  return {
    execute: async (accepted, variables, context) => {
      return toResult(await handler.execute(toOperation(accepted, variables), sign(context), context));
    },
    async *subscribe(accepted, variables, context) {
      const results = handler.subscribe(toOperation(accepted, variables), sign(context), context);
      for await (const result of results) yield toResult(result);
    },
  };
}

/** As while the gateway moves on to another supergraph: one result, and the subscription has to be begun again. */
export const movingOn: SubscriptionsOptions['execution'] = {
  execute: async () => ({ data: {} }),
  async *subscribe() {
    yield { data: { count: 1 } };
    throw new SubscribeAgainError('There is another supergraph.');
  },
};

function toOperation(
  { operation: { document, operation } }: AcceptedOperation,
  variables: Readonly<Record<string, unknown>>,
): SubgraphOperation {
  return { query: print(document), operationName: operation.name?.value, variables };
}

/** As it comes from a plan: the subgraph's errors, and no objects without a prototype. */
function toResult({ data, errors }: ExecutionResult): OperationResult {
  const copy: OperationResult = JSON.parse(JSON.stringify({ data }));
  const own = errors?.map(({ message, path, extensions }) => new GraphQLError(message, { path: path ?? null, extensions }));
  return own ? { ...copy, errors: own } : copy;
}
