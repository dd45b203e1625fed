import { randomBytes } from 'node:crypto';
import { signDevelopmentToken } from '@tenantry/auth';
import { silentLogger } from '@tenantry/service';
import { z } from 'zod';
import { createHttpTransport, startGateway, type GatewayConfig, type SubgraphTransport } from '../../src/index.ts';
import { handleTestSubgraph, serveTestSubgraph } from './test-subgraph-handler.ts';
import { testSubgraphs, type TestSubgraph } from './test-subgraphs.ts';

export const tenantId = '0b2f0f9e-5c0a-4a55-9d0f-3f2a3f1c9b11';
export const secret = randomBytes(32);
export const tokens = { issuer: 'https://issuer.example', audience: 'tenantry-test' } as const;

export interface TestGatewayOptions extends Partial<GatewayConfig> {
  /** How subgraphs are reached. Default `in-process`. */
  over?: 'in-process' | 'http';
  /** Transports that stand in for those of single subgraphs. */
  replace?: Readonly<Record<string, SubgraphTransport>>;
}

export interface TestGateway extends AsyncDisposable {
  /** Of `/graphql`. */
  readonly url: string;
  readonly origin: string;
  post(body: object, options?: PostOptions): Promise<TestResponse>;
}

export interface PostOptions {
  token?: string;
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
}

export interface TestResponse {
  status: number;
  headers: Headers;
  body: z.output<typeof resultSchema>;
}

const resultSchema = z.strictObject({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z
    .array(
      z.strictObject({
        message: z.string(),
        path: z.array(z.union([z.string(), z.number()])).optional(),
        locations: z.array(z.unknown()).optional(),
        extensions: z.looseObject({ code: z.string() }),
      }),
    )
    .optional(),
});

/** A gateway over the real test subgraphs, on a free port. */
export async function startTestGateway({ over = 'in-process', replace = {}, ...config }: TestGatewayOptions = {}): Promise<TestGateway> {
  await using cleanup = new AsyncDisposableStack();
  const signingKey = randomBytes(32);
  const reach = async (subgraph: TestSubgraph): Promise<SubgraphTransport> => {
    if (over === 'in-process') return handleTestSubgraph(subgraph, signingKey);
    const { url } = cleanup.use(await serveTestSubgraph(subgraph, signingKey));
    return cleanup.use(createHttpTransport({ url }));
  };
  const subgraphs = await Promise.all(
    testSubgraphs.map(async (subgraph) => {
      const { name, schemaPath } = subgraph;
      return { name, schemaPath, transport: replace[name] ?? (await reach(subgraph)) };
    }),
  );
  const gateway = cleanup.use(
    await startGateway({
      mode: 'development',
      host: '127.0.0.1',
      port: 0,
      tokens: { issuers: [{ kind: 'secret', issuer: tokens.issuer, secret }], audience: tokens.audience, tenantClaim: 'tenant_id' },
      signingKey,
      subgraphs,
      logger: silentLogger,
      ...config,
    }),
  );
  const running = cleanup.move();
  const url = `${gateway.url}/graphql`;
  return {
    url,
    origin: gateway.url,
    post: async (body, options) => await post(url, body, options),
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  };
}

export async function post(url: string, body: object, { token, headers, signal }: PostOptions = {}): Promise<TestResponse> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
      ...(token && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
  return { status: response.status, headers: response.headers, body: resultSchema.parse(await response.json()) };
}

/** A token of somebody in {@link tenantId}. */
export function tokenFor(subject: string, ...scopes: string[]): string {
  return signDevelopmentToken({ secret, ...tokens, subject, tenantId, scopes, expiresInSeconds: 600 });
}
