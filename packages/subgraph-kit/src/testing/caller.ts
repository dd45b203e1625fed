import { randomBytes } from 'node:crypto';
import { createContextSigner, tenantContextHeader, type Principal, type TenantContext } from '@tenantry/auth';
import { requestIdHeader, silentLogger, type Mode } from '@tenantry/service';
import type { ExecutionResult } from 'graphql';
import { createClient } from 'graphql-sse';
import type { Subgraph } from '../define-subgraph.ts';
import { createSubgraphHandler, type SubgraphHandler } from '../handler.ts';
import { serveSubgraph } from '../server.ts';
import type { SubgraphServices } from '../services.ts';

/** A subgraph's answer, as it arrives at the gateway. `Data` is what the test expects. */
export interface Answer<Data = Record<string, unknown>> {
  readonly data?: Data | null;
  readonly errors?: readonly { message: string; path?: (string | number)[]; extensions: { code: string; [name: string]: unknown } }[];
}

export interface AskOptions {
  variables?: Record<string, unknown>;
  /** The tenant that an operator acts in. */
  within?: string;
  requestId?: string;
  /** Address of the client. Default: not known. */
  origin?: string;
}

/** Asks a subgraph as the gateway would, over either transport. */
export interface TestCaller {
  readonly handler: SubgraphHandler;
  readonly signingKey: Buffer;
  readonly sign: (principal: Principal | null, options?: AskOptions) => string;
  readonly ask: <Data = Record<string, unknown>>(principal: Principal | null, query: string, options?: AskOptions) => Promise<Answer<Data>>;
  readonly subscribe: <Data = Record<string, unknown>>(
    principal: Principal | null,
    query: string,
    options?: AskOptions,
  ) => TestSubscription<Data>;
  /** As {@link ask}, with whatever takes the place of the signed context. */
  readonly askUnsigned: (signedContext: string | undefined, query: string) => Promise<Answer>;
}

/** A subscription as the gateway sees it. */
export interface TestSubscription<Data = Record<string, unknown>> extends AsyncIterableIterator<Answer<Data>, undefined, undefined> {
  /** Resolves when it was let in or refused. */
  readonly established: Promise<void>;
  return(): Promise<IteratorResult<Answer<Data>, undefined>>;
}

export interface TestCallerOptions {
  services: SubgraphServices;
  mode?: Mode;
}

export function createTestCaller(subgraph: Subgraph, { services, mode = 'production' }: TestCallerOptions): TestCaller {
  const signingKey = randomBytes(32);
  const handler = createSubgraphHandler(subgraph, { services, signingKey, mode });
  return callerOf(handler, signingKey, {
    send: async ({ requestId, ...operation }, signedContext) => await handler.execute(operation, signedContext, { requestId }),
    subscribe: ({ requestId, ...operation }, signedContext) => {
      const results = handler.subscribe(operation, signedContext, { requestId });
      return { established: results.established, iterator: results };
    },
  });
}

/** The same over HTTP, by a server of its own. */
export async function createHttpTestCaller(
  subgraph: Subgraph,
  options: TestCallerOptions,
): Promise<TestCaller & AsyncDisposable & { url: string }> {
  const { handler, signingKey } = createTestCaller(subgraph, options);
  const server = await serveSubgraph(handler, { host: '127.0.0.1', port: 0, logger: silentLogger });
  const url = `${server.url}/graphql`;
  const caller = callerOf(handler, signingKey, {
    send: async ({ requestId, ...operation }, signedContext) => {
      const context = signedContext === undefined ? {} : { [tenantContextHeader]: signedContext };
      const headers = { 'content-type': 'application/json', [requestIdHeader]: requestId, ...context };
      const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(operation) });
      const result: ExecutionResult = JSON.parse(await response.text());
      return result;
    },
    subscribe: ({ query, variables, requestId }, signedContext) => {
      const { promise: established, resolve } = Promise.withResolvers<void>();
      const client = createClient({
        url,
        headers: { [tenantContextHeader]: signedContext, [requestIdHeader]: requestId },
        retryAttempts: 0,
      });
      return { established, iterator: client.iterate({ query, ...(variables && { variables }) }, { connected: () => resolve() }) };
    },
  });
  return { ...caller, url: server.url, [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose]() };
}

/** A way to a handler. */
interface Transport {
  send(operation: TestOperation, signedContext: string | undefined): Promise<ExecutionResult>;
  subscribe(operation: TestOperation, signedContext: string): { established: Promise<void>; iterator: AsyncIterator<unknown> };
}

interface TestOperation {
  query: string;
  variables: Record<string, unknown> | undefined;
  requestId: string;
}

function callerOf(handler: SubgraphHandler, signingKey: Buffer, transport: Transport): TestCaller {
  const signer = createContextSigner({ key: signingKey });
  const sign = (principal: Principal | null, options: AskOptions = {}) => signer.sign(contextOf(principal, options), handler.name);
  const askWith = async <Data>(operation: TestOperation, signedContext: string | undefined): Promise<Answer<Data>> =>
    JSON.parse(JSON.stringify(await transport.send(operation, signedContext)));
  return {
    handler,
    signingKey,
    sign,
    ask: async (principal, query, options) => await askWith(operationOf(query, options), sign(principal, options)),
    subscribe: (principal, query, options) => subscriptionOver(transport.subscribe(operationOf(query, options), sign(principal, options))),
    askUnsigned: async (signedContext, query) => await askWith(operationOf(query), signedContext),
  };
}

function subscriptionOver<Data>({ established, iterator }: ReturnType<Transport['subscribe']>): TestSubscription<Data> {
  return {
    established,
    next: async () => {
      const { done, value } = await iterator.next();
      return done ? { done: true, value: undefined } : { value: JSON.parse(JSON.stringify(value)) };
    },
    return: async () => {
      await iterator.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function operationOf(query: string, { variables, requestId = 'test' }: AskOptions = {}): TestOperation {
  return { query, variables, requestId };
}

function contextOf(principal: Principal | null, { within, origin }: AskOptions): TenantContext {
  return {
    principal,
    tenantId: principal?.tenantId ?? within ?? null,
    impersonated: within !== undefined,
    origin: origin ?? null,
  };
}
