import { ConfigError, parseEnvironment, variable, type Environment } from '@tenantry/service';
import { z } from 'zod';
import type { HttpTransportOptions } from './http-transport.ts';

/** How a subgraph is called; what is absent has its default. */
export type HopSettings = Pick<HttpTransportOptions, 'timeoutMs' | 'http2' | 'compression'>;

export interface HopConfig {
  /** By the beginning of their variables: `SUBGRAPH` for all subgraphs, `SUBGRAPH_USERS` for `users`. */
  readonly hops?: ReadonlyMap<string, HopSettings>;
  /** Whether a query is answered by an equal one of the same principal that is under way. */
  readonly sharesQueries?: boolean;
}

const forAll = 'SUBGRAPH';
const hopVariablePattern = /^(SUBGRAPH(?:_[A-Z0-9_]+)?)_(?:TIMEOUT_MS|HTTP2|COMPRESSION)(?:_FILE)?$/;

const longestTimeoutMs = 600_000;
const timeoutRule = `must be a whole number of milliseconds from 1 to ${longestTimeoutMs}`;
const timeout = z.coerce.number(timeoutRule).int(timeoutRule).min(1, timeoutRule).max(longestTimeoutMs, timeoutRule).optional();
const onOrOff = variable.switch().optional();

/** The variable of one subgraph: `SUBGRAPH_USERS_URL` for `users` and `URL`. */
export function subgraphVariable(subgraphName: string, ending: string): string {
  return `${forAll}_${subgraphName.toUpperCase().replaceAll('-', '_')}_${ending}`;
}

/**
 * Reads the variables of the hops to all subgraphs, whichever there will be: `SUBGRAPH_TIMEOUT_MS`, `SUBGRAPH_USERS_TIMEOUT_MS` and
 * so on.
 *
 * @throws {ConfigError} naming every variable that is malformed
 */
export function readHopConfig(environment: Environment): HopConfig {
  const reader = new VariableReader(environment);
  const isSet = Object.keys(environment).filter((name) => environment[name]?.trim());
  const prefixes = new Set(isSet.flatMap((name) => hopVariablePattern.exec(name)?.[1] ?? []));
  const hops = new Map([...prefixes].map((prefix) => [prefix, readSettings(prefix, reader)]));
  const sharesQueries = reader.read('SUBGRAPH_DEDUPLICATION', onOrOff);
  if (reader.problems.length > 0) throw new ConfigError(reader.problems);
  return { ...(hops.size > 0 && { hops }), ...(sharesQueries !== undefined && { sharesQueries }) };
}

/** The settings of one subgraph: its own, and else those of all. */
export function hopSettingsOf({ hops }: HopConfig, subgraphName: string): HopSettings {
  const own = subgraphVariable(subgraphName, '').slice(0, -1);
  return { ...hops?.get(forAll), ...hops?.get(own) };
}

function readSettings(prefix: string, reader: VariableReader): HopSettings {
  const timeoutMs = reader.read(`${prefix}_TIMEOUT_MS`, timeout);
  const http2 = reader.read(`${prefix}_HTTP2`, onOrOff);
  const compression = reader.read(`${prefix}_COMPRESSION`, onOrOff);
  return {
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(http2 !== undefined && { http2 }),
    ...(compression !== undefined && { compression }),
  };
}

/** Reads one variable after another, whatever is wrong with those before. */
class VariableReader {
  readonly problems: string[] = [];
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  read<Value>(name: string, type: z.ZodType<Value>): Value | undefined {
    try {
      return parseEnvironment({ [name]: type }, this.#environment)[name];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.problems.push(...error.problems);
      return undefined;
    }
  }
}
