import { tokenVariables, tokenVerifierConfig, type TokenVerifierConfig } from '@tenantry/auth';
import {
  ConfigError,
  parseEnvironment,
  processConfig,
  processVariables,
  variable,
  type Environment,
  type ProcessConfig,
} from '@tenantry/service';
import { z } from 'zod';
import type { SubgraphSource } from './composition/compose-supergraph.ts';
import { findSubgraphs, type SubgraphSchema } from './composition/find-subgraphs.ts';
import { trustedProxiesVariable } from './http/trusted-proxies.ts';
import { readPlanningConfig, type PlanningConfig } from './planning/planning-variables.ts';
import type { SupergraphPlace } from './supergraph/supergraph-place.ts';
import { readSubgraphUrls, readSupergraphPlace } from './supergraph/supergraph-variables.ts';
import { readHopConfig, subgraphVariable, type HopConfig } from './transports/hop-variables.ts';

/** How the gateway's process is run. */
export interface GatewayEnvironment extends ProcessConfig, PlanningConfig, HopConfig {
  readonly tokens: TokenVerifierConfig;
  readonly signingKey: Buffer;
  /** Those that a supergraph is composed of; none where it comes from elsewhere. */
  readonly subgraphs: readonly SubgraphSource[];
  /** Absent: the supergraph is composed of `subgraphs`. */
  readonly supergraph?: SupergraphPlace;
  /** Where subgraphs of `supergraph` are, if not where it says, by the names of variables. */
  readonly subgraphUrls?: ReadonlyMap<string, string>;
  /** Absent: those of the mode. */
  readonly corsOrigins?: readonly string[];
  readonly trustedProxies?: readonly string[];
}

const ownVariables = {
  ...processVariables(4000),
  SUBGRAPH_SIGNING_KEY: variable.key('at least 32 bytes in base64, the same as the subgraphs have'),
  CORS_ORIGINS: z
    .string()
    .describe('origins whose pages may call the gateway, separated by commas')
    .transform((text) => text.split(',').map((entry) => entry.trim()))
    .refine((origins) => origins.every(isOrigin), 'must be origins such as https://app.example.com, separated by commas')
    .optional(),
  TRUSTED_PROXIES: trustedProxiesVariable.optional(),
};

/**
 * @param schemas the subgraphs, each of which needs a `SUBGRAPH_<NAME>_URL`; by default every one under `subgraphs/`. `SUPERGRAPH` takes
 *   their place
 * @throws {ConfigError} naming every variable that is missing or malformed
 */
export function readGatewayConfig(environment: Environment, schemas?: readonly SubgraphSchema[]): GatewayEnvironment {
  const problems: string[] = [];
  const own = gather(problems, () => parseEnvironment(ownVariables, environment));
  const places = gather(problems, () => readPlaces(environment, schemas));
  const tokens = gather(problems, () => readTokens(environment));
  const planning = gather(problems, () => readPlanningConfig(environment));
  const hops = gather(problems, () => readHopConfig(environment));
  if (!own || !places || !tokens || !planning || !hops) throw new ConfigError(problems);
  return {
    ...processConfig(own),
    signingKey: own.SUBGRAPH_SIGNING_KEY,
    ...(own.CORS_ORIGINS && { corsOrigins: own.CORS_ORIGINS }),
    ...(own.TRUSTED_PROXIES && { trustedProxies: own.TRUSTED_PROXIES }),
    tokens,
    ...planning,
    ...places,
    ...hops,
  };
}

/** The variable that says where a subgraph is: `SUBGRAPH_USERS_URL` for `users`. */
export function urlVariable(subgraphName: string): string {
  return subgraphVariable(subgraphName, 'URL');
}

function readPlaces(
  environment: Environment,
  schemas?: readonly SubgraphSchema[],
): Pick<GatewayEnvironment, 'subgraphs' | 'supergraph' | 'subgraphUrls'> {
  const supergraph = readSupergraphPlace(environment);
  if (supergraph) return { subgraphs: [], supergraph, subgraphUrls: readSubgraphUrls(environment) };
  const found = schemas ?? findSubgraphs();
  const urls = parseEnvironment(urlVariables(found), environment);
  return { subgraphs: found.map(({ name, schemaPath }) => ({ name, schemaPath, url: urls[urlVariable(name)]! })) };
}

function urlVariables(schemas: readonly SubgraphSchema[]): Record<string, z.ZodString> {
  return Object.fromEntries(schemas.map(({ name }) => [urlVariable(name), variable.url(`URL of the subgraph ${name}`, 'http:', 'https:')]));
}

function readTokens(environment: Environment): TokenVerifierConfig {
  const { NODE_ENV, ...tokens } = parseEnvironment({ ...tokenVariables, NODE_ENV: variable.mode().catch('production') }, environment);
  return tokenVerifierConfig(tokens, NODE_ENV);
}

function gather<Result>(problems: string[], read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

function isOrigin(text: string): boolean {
  return URL.parse(text)?.origin === text;
}
