import type { Logger } from '@tenantry/service';
import type { GraphQLSchema } from 'graphql';
import type { Registry } from 'prom-client';
import { SupergraphError } from '../errors.ts';
import type { PlanCacheLimits } from '../planning/plan-cache.ts';
import type { DrainOptions, Generation } from './generation.ts';
import type { SubgraphLocation } from './load-supergraph.ts';
import { SuccessiveGenerations } from './successive-generations.ts';
import type { SupergraphSource } from './supergraph-source.ts';

export type { Generation } from './generation.ts';

export interface GenerationsOptions<Subgraph extends AsyncDisposable> {
  source: SupergraphSource;
  /** Makes the way to a subgraph, which is kept for as long as any supergraph that is served has the subgraph at that place. */
  connect: (subgraph: SubgraphLocation) => Subgraph;
  logger: Logger;
  metrics: Registry;
  /** Milliseconds that the planning of one operation may take. Default 5000. */
  planningTimeoutMs?: number;
  planCacheLimits?: Partial<PlanCacheLimits>;
  warmUp?: Partial<WarmUpLimits>;
  drain?: Partial<DrainOptions>;
}

export interface WarmUpLimits {
  /** Operations that are planned for a supergraph before it is served. Default 500. */
  operations: number;
  /** Milliseconds that this may take. Default 10000. */
  timeoutMs: number;
}

/** Serves the supergraph of `source`, and each that takes its place, without a request that fails because of it. */
export interface Generations<Subgraph> extends AsyncDisposable {
  readonly current: Generation<Subgraph>;
  /**
   * The generation that an API schema belongs to: a request is answered by the one whose schema it was validated in.
   *
   * @throws when the schema is no generation's
   */
  of(apiSchema: GraphQLSchema): Generation<Subgraph>;
  /**
   * @param listener called with each generation that becomes the current one from now on, before any request is meant for it
   * @returns a function that ends the calls
   */
  onChange(listener: (generation: Generation<Subgraph>) => void): () => void;
}

/**
 * Reads a supergraph, makes ready what serves it, and from then on looks for another that takes its place. One that cannot be served
 * is logged, and changes nothing.
 *
 * @throws {SupergraphError} when there is none, or it cannot be served
 * @throws {CompositionError} when it is composed here, and cannot be
 */
export async function startGenerations<Subgraph extends AsyncDisposable>(
  options: GenerationsOptions<Subgraph>,
): Promise<Generations<Subgraph>> {
  const { source } = options;
  const composedSdl = await source.read();
  if (composedSdl === null) throw new SupergraphError(source.origin, 'is not there.');
  const generations = new SuccessiveGenerations(options);
  try {
    await generations.begin(composedSdl);
  } catch (cause) {
    throw new SupergraphError(source.origin, `cannot be served: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  return generations;
}
