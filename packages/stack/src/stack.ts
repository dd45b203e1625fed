import type { TokenVerifierConfig } from '@tenantry/auth';
import { createHttpTransport, startGateway, type GatewaySubgraph, type SandboxOptions, type SubgraphTransport } from '@tenantry/gateway';
import type { Logger, Mode } from '@tenantry/service';
import {
  createSubgraphHandler,
  defaultSubgraphsDirectory,
  loadSubgraphs,
  openServices,
  serveSubgraph,
  startJobs,
  type OpenServices,
  type Subgraph,
  type SubgraphHandler,
  type SubgraphServices,
} from '@tenantry/subgraph-kit';
import { prepareControlDatabase, type BackupStoreConfig, type JobsConfig } from '@tenantry/tenant-control';
import { Registry } from 'prom-client';
import { databaseUrl } from './database-url.ts';
import { developmentTokens, signToken, type TokenClaims } from './development-tokens.ts';
import type { Secrets } from './secrets.ts';

/** Name of the control database on the stack's Postgres. */
export const defaultControlDatabase = 'tenantry_control';

export interface StackOptions {
  /** Administrator's URL of the Postgres that holds the control database and, as the cluster `standard`, every tenant's. */
  postgresUrl: string;
  /** Default {@link defaultControlDatabase}. */
  controlDatabase?: string;
  /** Databases kept ready for new tenants. Default: that of a cluster. */
  shelf?: number;
  secrets: Secrets;
  /** Default null: directory cache and invalidation without Redis, through Postgres. */
  redisUrl?: string | null;
  /** Default 127.0.0.1. */
  host?: string;
  /** 0 takes any free port. */
  port: number;
  /** `http` puts each subgraph behind a server of its own, as in production, `http2` too. Default `in-process`. */
  transport?: 'in-process' | 'http' | 'http2';
  /** Whose tokens are accepted. Default: those of {@link Stack.signToken}. */
  tokens?: TokenVerifierConfig;
  mode?: Mode;
  /** Where backups and exports of tenants are kept. Default null: nowhere. */
  backupStore?: BackupStoreConfig | null;
  /** Runs jobs in this process. Default null: none are run, and what is scheduled is not done. */
  jobs?: JobsConfig | null;
  logger: Logger;
  /** Runs before the gateway serves anything; what it gives is what Sandbox opens with. */
  prepare?: (services: SubgraphServices) => Promise<SandboxOptions>;
}

export interface Stack extends AsyncDisposable {
  /** The gateway's `/graphql`. */
  readonly url: string;
  readonly services: SubgraphServices;
  readonly metrics: Registry;
  /** A token as an identity provider would issue it, for demos and tests. */
  signToken(claims: TokenClaims): string;
}

/** Starts gateway and subgraphs in this process against a Postgres that runs. Everything is stopped by disposing of the result. */
export async function startStack(options: StackOptions): Promise<Stack> {
  await using cleanup = new AsyncDisposableStack();
  const { secrets, logger, port, mode = 'development', host = '127.0.0.1', transport: kind = 'in-process' } = options;
  const metrics = new Registry();
  const services = cleanup.use(await openControlledServices(options, metrics));
  const sandbox = await options.prepare?.(services);
  const connect = async (subgraph: Subgraph): Promise<GatewaySubgraph> => {
    const handler = createSubgraphHandler(subgraph, { services, signingKey: secrets.signingKey, mode });
    const transport = kind === 'in-process' ? handler : await serveOverHttp(handler, { http2: kind === 'http2', cleanup, logger });
    return { name: subgraph.name, schemaPath: subgraph.schemaPath, transport };
  };
  const loaded = await loadSubgraphs(defaultSubgraphsDirectory);
  const subgraphs = await Promise.all(loaded.map(connect));
  const tokens = options.tokens ?? developmentTokens(secrets);
  const { signingKey } = secrets;
  const { jobs: config = null } = options;
  if (config) {
    const controlDatabaseUrl = controlDatabaseUrlOf(options);
    cleanup.use(await startJobs({ services, subgraphs: loaded, config, controlDatabaseUrl, signingKey, metrics }));
  }
  const gateway = cleanup.use(
    await startGateway({ mode, host, port, tokens, signingKey, subgraphs, logger, metrics, ...(sandbox && { sandbox }) }),
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

async function openControlledServices(options: StackOptions, metrics: Registry): Promise<OpenServices> {
  const { postgresUrl, shelf, secrets, redisUrl = null, backupStore = null, logger } = options;
  const controlDatabaseUrl = controlDatabaseUrlOf(options);
  await prepareControlDatabase(controlDatabaseUrl);
  return await openServices({
    service: 'stack',
    controlDatabaseUrl,
    clusters: [{ name: 'standard', adminUrl: postgresUrl, ...(shelf !== undefined && { shelf }) }],
    keyRing: secrets.keyRing,
    signingKey: secrets.signingKey,
    redisUrl,
    backupStore,
    logger,
    metrics,
  });
}

function controlDatabaseUrlOf({ postgresUrl, controlDatabase = defaultControlDatabase }: StackOptions): string {
  return databaseUrl(postgresUrl, controlDatabase);
}

interface HttpOptions {
  readonly http2: boolean;
  readonly cleanup: AsyncDisposableStack;
  readonly logger: Logger;
}

async function serveOverHttp(handler: SubgraphHandler, { http2, cleanup, logger }: HttpOptions): Promise<SubgraphTransport> {
  const server = cleanup.use(await serveSubgraph(handler, { host: '127.0.0.1', port: 0, http2, logger }));
  return cleanup.use(createHttpTransport({ url: server.url, http2 }));
}
