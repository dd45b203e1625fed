import { createHash } from 'node:crypto';
import type { Logger } from '@tenantry/service';
import { createAuthorization, type AuthorizeOperation } from '../authorization/authorize-operation.ts';
import { makeExecutable, type ExecutableOperation, type ExecutionSchemas } from '../execution/executable-operation.ts';
import { VariantCache } from '../execution/variant-cache.ts';
import { PlanCache, type PlanCacheLimits } from '../planning/plan-cache.ts';
import type { PlanningMetrics } from '../planning/planning-metrics.ts';
import { startThreadedPlanner } from '../planning/threaded-planner.ts';
import { elapsed } from './elapsed.ts';
import { InFlight } from './in-flight.ts';
import { loadSupergraph } from './load-supergraph.ts';
import type { SharedConnections } from './shared-connections.ts';

export interface GenerationOptions<Subgraph extends AsyncDisposable> {
  connections: SharedConnections<Subgraph>;
  /** Milliseconds that the planning of one operation may take. */
  planningTimeoutMs: number;
  planCacheLimits: PlanCacheLimits;
  planningMetrics: PlanningMetrics;
  logger: Logger;
}

/** All that belongs to one supergraph: what it allows, its plans, and the ways to its subgraphs. */
export interface Generation<Subgraph> extends AsyncDisposable {
  /** Tells one supergraph from another, in logs. */
  readonly id: string;
  /** Without access rules. */
  readonly supergraphSdl: string;
  readonly schemas: ExecutionSchemas;
  readonly authorize: AuthorizeOperation;
  readonly plans: PlanCache<ExecutableOperation>;
  /** By name. */
  readonly subgraphs: ReadonlyMap<string, Subgraph>;
  /** Requests that have entered. */
  readonly inFlight: number;
  /** Aborted when what is still under way, such as a subscription, has to end so that the generation can. */
  readonly ending: AbortSignal;
  /** Keeps the generation until what is returned is disposed of. */
  enter(): Disposable;
  /**
   * Waits until all that has entered is done or has had its time, and disposes of the generation. Called when no other request will
   * meet it.
   *
   * @param signal ends the waiting
   * @returns how many requests were cut off
   */
  drain(options: DrainOptions, signal: AbortSignal): Promise<number>;
}

export interface DrainOptions {
  /** Milliseconds for requests that have met the API schema and have yet to enter. */
  settleMs: number;
  /** Milliseconds that requests have until {@link Generation.ending} aborts. */
  drainMs: number;
}

/** Milliseconds that requests have to end once they are told to. */
const endingMs = 2_000;

/**
 * @param composedSdl the supergraph, with its access rules
 * @throws when it cannot be served
 */
export async function createGeneration<Subgraph extends AsyncDisposable>(
  composedSdl: string,
  options: GenerationOptions<Subgraph>,
): Promise<Generation<Subgraph>> {
  const { connections, planningTimeoutMs, planCacheLimits, planningMetrics, logger } = options;
  await using cleanup = new AsyncDisposableStack();
  const { supergraphSdl, rules, schemas, subgraphs } = await loadSupergraph(composedSdl, logger);
  const held = cleanup.use(await connections.hold(subgraphs));
  const planner = cleanup.use(await startThreadedPlanner({ supergraphSdl, timeoutMs: planningTimeoutMs, metrics: planningMetrics }));
  const variants = new VariantCache();
  const plans = new PlanCache({
    planner,
    makeExecutable: (plan, operation) => makeExecutable({ plan, operation, schemas, variants }),
    limits: planCacheLimits,
    metrics: planningMetrics,
  });
  // A schema that something else still holds holds its generation.
  cleanup.defer(() => plans.clear());
  const inFlight = new InFlight();
  const ending = new AbortController();
  const parts = cleanup.move();
  return {
    id: supergraphId(composedSdl),
    supergraphSdl,
    schemas,
    authorize: createAuthorization(rules),
    plans,
    subgraphs: held.connections,
    get inFlight() {
      return inFlight.count;
    },
    ending: ending.signal,
    enter: () => inFlight.enter(),
    async drain({ settleMs, drainMs }, signal) {
      await elapsed(settleMs, signal);
      const isIdle = await inFlight.noneWithin(drainMs, signal);
      ending.abort();
      if (!isIdle) await inFlight.noneWithin(endingMs, signal);
      const cutOff = inFlight.count;
      await parts.disposeAsync();
      return cutOff;
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await parts.disposeAsync();
    },
  };
}

/** Of equal supergraphs, equal. */
export function supergraphId(composedSdl: string): string {
  return createHash('sha256').update(composedSdl).digest('hex').slice(0, 12);
}
