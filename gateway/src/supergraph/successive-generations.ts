import type { GraphQLSchema } from 'graphql';
import { defaultPlanCacheLimits } from '../planning/plan-cache.ts';
import { PlanningMetrics } from '../planning/planning-metrics.ts';
import { warmPlans, type WarmUp } from '../planning/warm-plans.ts';
import { createGeneration, supergraphId, type DrainOptions, type Generation, type GenerationOptions } from './generation.ts';
import type { Generations, GenerationsOptions, WarmUpLimits } from './generations.ts';
import { pollSupergraph } from './poll-supergraph.ts';
import { SharedConnections } from './shared-connections.ts';
import { SupergraphMetrics, type RequestsInFlight } from './supergraph-metrics.ts';

const defaultWarmUp: WarmUpLimits = { operations: 500, timeoutMs: 10_000 };
const defaultDrain: DrainOptions = { settleMs: 1_000, drainMs: 30_000 };
const defaultPlanningTimeoutMs = 5_000;

/** One generation that is current, those before it that drain, and the look-out for the next. */
export class SuccessiveGenerations<Subgraph extends AsyncDisposable> implements Generations<Subgraph> {
  readonly #options: GenerationsOptions<Subgraph>;
  readonly #generationOptions: GenerationOptions<Subgraph>;
  readonly #metrics: SupergraphMetrics;
  readonly #bySchema = new WeakMap<GraphQLSchema, Generation<Subgraph>>();
  readonly #listeners = new Set<(generation: Generation<Subgraph>) => void>();
  readonly #draining = new Map<Generation<Subgraph>, Promise<void>>();
  readonly #closing = new AbortController();
  #current: Generation<Subgraph> | null = null;
  #polling: AsyncDisposable | null = null;
  #isUnreadable = false;

  constructor(options: GenerationsOptions<Subgraph>) {
    const { connect, logger, metrics, planningTimeoutMs = defaultPlanningTimeoutMs } = options;
    this.#options = options;
    this.#metrics = new SupergraphMetrics(metrics, () => this.#requestsInFlight());
    this.#generationOptions = {
      connections: new SharedConnections(connect),
      planningTimeoutMs,
      planCacheLimits: { ...defaultPlanCacheLimits, ...options.planCacheLimits },
      planningMetrics: new PlanningMetrics(metrics, () => this.#current?.plans.size ?? { operations: 0, bytes: 0 }),
      logger,
    };
  }

  get current(): Generation<Subgraph> {
    if (!this.#current) throw new TypeError('No supergraph is served yet.');
    return this.#current;
  }

  of(apiSchema: GraphQLSchema): Generation<Subgraph> {
    const generation = this.#bySchema.get(apiSchema);
    if (!generation) throw new TypeError('The schema is not the API schema of a supergraph that is served.');
    return generation;
  }

  onChange(listener: (generation: Generation<Subgraph>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Serves a first supergraph, and from then on those that take its place.
   *
   * @throws when it cannot be served
   */
  async begin(composedSdl: string): Promise<void> {
    this.#serve(await createGeneration(composedSdl, this.#generationOptions));
    const { source } = this.#options;
    this.#polling = pollSupergraph({
      source,
      onSupergraph: async (next) => await this.#reload(next),
      onFailure: (error) => this.#reportUnreadable(error),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#polling?.[Symbol.asyncDispose]();
    await Promise.all(this.#draining.values());
    await this.#current?.[Symbol.asyncDispose]();
  }

  async #reload(composedSdl: string): Promise<void> {
    const { logger, source } = this.#options;
    const { origin } = source;
    const previous = this.current;
    this.#isUnreadable = false;
    if (supergraphId(composedSdl) === previous.id) return;
    const startedAt = performance.now();
    try {
      const { next, warmUp } = await this.#prepare(composedSdl, previous);
      this.#serve(next);
      this.#metrics.reloaded('swapped');
      const tookMs = Math.round(performance.now() - startedAt);
      const subgraphs = [...next.subgraphs.keys()];
      logger.info({ origin, supergraph: next.id, previous: previous.id, subgraphs, plans: warmUp, tookMs }, 'another supergraph is served');
      this.#retire(previous);
    } catch (error) {
      this.#metrics.reloaded('rejected');
      logger.error({ err: error, origin, current: previous.id }, 'a supergraph cannot be served; the one before it stays');
    }
  }

  /** Has the plans ready that requests will ask for, before the first of them comes. */
  async #prepare(composedSdl: string, previous: Generation<Subgraph>): Promise<{ next: Generation<Subgraph>; warmUp: WarmUp }> {
    const { operations, timeoutMs } = { ...defaultWarmUp, ...this.#options.warmUp };
    const next = await createGeneration(composedSdl, this.#generationOptions);
    const deadline = AbortSignal.any([AbortSignal.timeout(timeoutMs), this.#closing.signal]);
    const warmUp = await warmPlans(next.plans, next.schemas.api, previous.plans.mostUsed(operations), deadline);
    return { next, warmUp };
  }

  #serve(generation: Generation<Subgraph>): void {
    this.#bySchema.set(generation.schemas.api, generation);
    this.#current = generation;
    for (const listener of this.#listeners) listener(generation);
  }

  #retire(generation: Generation<Subgraph>): void {
    this.#draining.set(generation, this.#drain(generation));
  }

  async #drain(generation: Generation<Subgraph>): Promise<void> {
    const { logger, drain } = this.#options;
    const supergraph = generation.id;
    try {
      const cutOff = await generation.drain({ ...defaultDrain, ...drain }, this.#closing.signal);
      if (cutOff > 0) logger.warn({ supergraph, cutOff }, 'a supergraph is no longer served, with requests that did not end');
      else logger.info({ supergraph }, 'a supergraph is no longer served');
    } catch (error) {
      logger.error({ err: error, supergraph }, 'what served a supergraph did not end cleanly');
    } finally {
      this.#draining.delete(generation);
    }
  }

  #reportUnreadable(error: unknown): void {
    const { logger, source } = this.#options;
    this.#metrics.reloaded('unreadable');
    // Once, and not at every read until it is mended.
    if (!this.#isUnreadable) logger.warn({ err: error, origin: source.origin }, 'the supergraph cannot be read; the one before it stays');
    this.#isUnreadable = true;
  }

  #requestsInFlight(): RequestsInFlight {
    const draining = [...this.#draining.keys()].map(({ inFlight }) => inFlight);
    return { current: this.#current?.inFlight ?? 0, draining: draining.reduce((sum, count) => sum + count, 0) };
  }
}
