import { randomBytes } from 'node:crypto';
import { createContextSigner, tenantContextHeader, type Principal, type TenantContext } from '@tenantry/auth';
import { silentLogger, type Mode } from '@tenantry/service';
import type { ExecutionResult } from 'graphql';
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
  /** As {@link ask}, with whatever takes the place of the signed context. */
  readonly askUnsigned: (signedContext: string | undefined, query: string) => Promise<Answer>;
}

export interface TestCallerOptions {
  services: SubgraphServices;
  mode?: Mode;
}

export function createTestCaller(subgraph: Subgraph, { services, mode = 'production' }: TestCallerOptions): TestCaller {
  const signingKey = randomBytes(32);
  const handler = createSubgraphHandler(subgraph, { services, signingKey, mode });
  return callerOf(
    handler,
    signingKey,
    async (query, variables, signedContext) => await handler.execute({ query, variables }, signedContext),
  );
}

/** The same over HTTP, by a server of its own. */
export async function createHttpTestCaller(
  subgraph: Subgraph,
  options: TestCallerOptions,
): Promise<TestCaller & AsyncDisposable & { url: string }> {
  const { handler, signingKey } = createTestCaller(subgraph, options);
  const server = await serveSubgraph(handler, { host: '127.0.0.1', port: 0, logger: silentLogger });
  const caller = callerOf(handler, signingKey, async (query, variables, signedContext) => {
    const headers = { 'content-type': 'application/json', ...(signedContext !== undefined && { [tenantContextHeader]: signedContext }) };
    const response = await fetch(`${server.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
    const result: ExecutionResult = JSON.parse(await response.text());
    return result;
  });
  return { ...caller, url: server.url, [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose]() };
}

type Send = (query: string, variables: Record<string, unknown> | undefined, signedContext: string | undefined) => Promise<ExecutionResult>;

function callerOf(handler: SubgraphHandler, signingKey: Buffer, send: Send): TestCaller {
  const signer = createContextSigner({ key: signingKey });
  const sign = (principal: Principal | null, options: AskOptions = {}) => signer.sign(contextOf(principal, options), handler.name);
  const askWith = async <Data>(
    query: string,
    variables: AskOptions['variables'],
    signedContext: string | undefined,
  ): Promise<Answer<Data>> => JSON.parse(JSON.stringify(await send(query, variables, signedContext)));
  return {
    handler,
    signingKey,
    sign,
    ask: async (principal, query, options = {}) => await askWith(query, options.variables, sign(principal, options)),
    askUnsigned: async (signedContext, query) => await askWith(query, undefined, signedContext),
  };
}

function contextOf(principal: Principal | null, { within, requestId = 'test', origin }: AskOptions): TenantContext {
  return {
    principal,
    tenantId: principal?.tenantId ?? within ?? null,
    impersonated: within !== undefined,
    requestId,
    origin: origin ?? null,
  };
}
