import { ConfigError, parseEnvironment, variable, type Environment } from '@tenantry/service';
import { z } from 'zod';
import type { SupergraphPlace } from './supergraph-place.ts';

const supergraphVariables = {
  SUPERGRAPH: z.string().describe('path or URL of a supergraph').optional(),
  SUPERGRAPH_TOKEN: z.string().describe('bearer token for the URL').optional(),
  SUPERGRAPH_POLL_SECONDS: z.coerce
    .number('must be a number of seconds')
    .min(1, 'must be 1 second or more')
    .max(86_400, 'must be 86400 seconds (a day) or less')
    .optional(),
};

/** `SUBGRAPH_USERS_URL`, or the file that holds it. */
const subgraphUrlPattern = /^(SUBGRAPH_[A-Z0-9_]+_URL)(?:_FILE)?$/;

/**
 * @returns null where `SUPERGRAPH` is not set: the supergraph is then composed of the schema files
 * @throws {ConfigError} naming every variable that is malformed
 */
export function readSupergraphPlace(environment: Environment): SupergraphPlace | null {
  const values = parseEnvironment(supergraphVariables, environment);
  const { SUPERGRAPH: place, SUPERGRAPH_TOKEN: token, SUPERGRAPH_POLL_SECONDS: pollSeconds } = values;
  if (place === undefined) return null;
  const polling = pollSeconds === undefined ? {} : { pollMs: pollSeconds * 1000 };
  if (!place.includes('://')) return { kind: 'file', path: place, ...polling };
  if (!isHttp(place)) throw new ConfigError(['SUPERGRAPH: must be a path, or a URL starting with http:// or https://']);
  return { kind: 'url', url: place, ...(token !== undefined && { token }), ...polling };
}

/**
 * The variables that say where subgraphs are, by name, whichever subgraphs a supergraph will have.
 *
 * @throws {ConfigError} naming every variable that is malformed
 */
export function readSubgraphUrls(environment: Environment): ReadonlyMap<string, string> {
  const isSet = Object.keys(environment).filter((name) => environment[name]?.trim());
  const names = isSet.flatMap((name) => subgraphUrlPattern.exec(name)?.[1] ?? []);
  const types = names.map((name) => [name, variable.url('URL of a subgraph', 'http:', 'https:')] as const);
  return new Map(Object.entries(parseEnvironment(Object.fromEntries(types), environment)));
}

function isHttp(text: string): boolean {
  return ['http:', 'https:'].includes(URL.parse(text)?.protocol ?? '');
}
