import { developmentTokenDefaults, signDevelopmentToken, type TokenVerifierConfig } from '@tenantry/auth';
import { createHttpTransport, startGateway, type SubgraphTransport } from '@tenantry/gateway';
import type { Logger, Mode } from '@tenantry/service';
import {
  createSubgraphHandler,
  defaultSubgraphsDirectory,
  loadSubgraphs,
  openServices,
  serveSubgraph,
  type Subgraph,
  type SubgraphHandler,
  type SubgraphServices,
} from '@tenantry/subgraph-kit';
import { prepareControlDatabase } from '@tenantry/tenant-control';
import { Registry } from 'prom-client';
import { databaseUrl } from './database-url.ts';
import type { Secrets } from './secrets.ts';

export interface StackOptions {
  /** Administrator's URL of the Postgres that holds the control database and, as the cluster `standard`, every tenant's. */
  postgresUrl: string;
  /** Default `tenantry_control`. */
  controlDatabase?: string;
  secrets: Secrets;
  /** Default null: directory cache and invalidation without Redis, through Postgres. */
  redisUrl?: string | null;
  /** Default 127.0.0.1. */
  host?: string;
  /** 0 takes any free port. */
  port: number;
  /** `http` puts each subgraph behind a server of its own, as in production. Default `in-process`. */
  transport?: 'in-process' | 'http';
  /** Whose tokens are accepted. Default: those of {@link Stack.signToken}. */
  tokens?: TokenVerifierConfig;
  mode?: Mode;
  logger: Logger;
  /** Sees every SQL statement that goes to a tenant's database. */
  onStatement?: (tenantId: string, sql: string) => void;
}

export interface Stack extends AsyncDisposable {
  /** The gateway's `/graphql`. */
  readonly url: string;
  readonly services: SubgraphServices;
  readonly metrics: Registry;
  /** A token as an identity provider would issue it, for demos and tests. */
  signToken(claims: TokenClaims): string;
}

export interface TokenClaims {
  subject: string;
  tenantId?: string;
  scopes?: readonly string[];
  email?: string;
  emailVerified?: boolean;
  /** Default one hour. */
  expiresInSeconds?: number;
}

/** Starts gateway and subgraphs in this process against a Postgres that runs. Everything is stopped by disposing of the result. */
export async function startStack(options: StackOptions): Promise<Stack> {
  await using cleanup = new AsyncDisposableStack();
  const { secrets, logger, mode = 'development', host = '127.0.0.1' } = options;
  const metrics = new Registry();
  const controlDatabaseUrl = databaseUrl(options.postgresUrl, options.controlDatabase ?? 'tenantry_control');
  await prepareControlDatabase(controlDatabaseUrl);

  const services = cleanup.use(
    await openServices({
      service: 'stack',
      controlDatabaseUrl,
      clusters: [{ name: 'standard', adminUrl: options.postgresUrl }],
      keyRing: secrets.keyRing,
      redisUrl: options.redisUrl ?? null,
      logger,
      metrics,
      ...(options.onStatement && { onStatement: options.onStatement }),
    }),
  );
  const connect = async (subgraph: Subgraph): Promise<SubgraphTransport> => {
    const handler = createSubgraphHandler(subgraph, { services, signingKey: secrets.signingKey, mode });
    return options.transport === 'http' ? await serveOverHttp(handler, cleanup, logger) : handler;
  };
  const subgraphs = await loadSubgraphs(defaultSubgraphsDirectory);
  const connected = await Promise.all(
    subgraphs.map(async (subgraph) => ({ name: subgraph.name, schemaPath: subgraph.schemaPath, transport: await connect(subgraph) })),
  );

  const gateway = cleanup.use(
    await startGateway({
      mode,
      host,
      port: options.port,
      tokens: options.tokens ?? developmentTokens(secrets),
      signingKey: secrets.signingKey,
      subgraphs: connected,
      logger,
      metrics,
    }),
  );
  const running = cleanup.move();
  return {
    url: `${gateway.url}/graphql`,
    services,
    metrics,
    signToken: (claims) => signToken(claims, secrets),
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  };
}

async function serveOverHttp(handler: SubgraphHandler, cleanup: AsyncDisposableStack, logger: Logger): Promise<SubgraphTransport> {
  const server = cleanup.use(await serveSubgraph(handler, { host: '127.0.0.1', port: 0, logger }));
  return cleanup.use(createHttpTransport({ url: server.url }));
}

function developmentTokens(secrets: Secrets): TokenVerifierConfig {
  return {
    issuers: [{ kind: 'secret', issuer: developmentTokenDefaults.issuer, secret: secrets.jwtSecret }],
    audience: developmentTokenDefaults.audience,
    tenantClaim: 'tenant_id',
  };
}

function signToken({ expiresInSeconds = 3600, ...claims }: TokenClaims, secrets: Secrets): string {
  return signDevelopmentToken({ ...developmentTokenDefaults, ...claims, expiresInSeconds, secret: secrets.jwtSecret });
}
