import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/**
 * Where an operation's plan came from. `joined`: from the planning that another request had begun. `refused`: it was known to be too
 * complex. `planned`: it had to be planned, whatever came of it.
 */
export type PlanLookup = 'cached' | 'joined' | 'refused' | 'planned';

export type PlanningLaneName = 'small' | 'large';

/**
 * `refused` by the planner's own limits, `overrun` by those of time and memory; `busy`: there was no room to wait; `abandoned`: nobody
 * waited any longer.
 */
export type PlanningOutcome = 'planned' | 'refused' | 'overrun' | 'busy' | 'abandoned' | 'failed';

/** How much a plan cache holds. */
export interface PlanCacheSize {
  readonly operations: number;
  readonly bytes: number;
}

/** What the gateway's planner and its cache do; one gateway to a registry. */
export class PlanningMetrics {
  readonly #lookups: Counter<'answer'>;
  readonly #durations: Histogram<'lane' | 'outcome'>;

  /** @param cacheSize asked at each scrape */
  constructor(registry: Registry, cacheSize: () => PlanCacheSize) {
    const registers = [registry];
    this.#lookups = new Counter({
      name: 'tenantry_gateway_plan_lookups_total',
      help: 'Lookups of an operation in the plan cache, by where the answer came from.',
      labelNames: ['answer'],
      registers,
    });
    this.#durations = new Histogram({
      name: 'tenantry_gateway_planning_seconds',
      help: 'Seconds that the planning of an operation took, waiting for its turn included.',
      labelNames: ['lane', 'outcome'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    measure(registry, 'tenantry_gateway_plan_cache_operations', 'Operations whose plans are kept.', () => cacheSize().operations);
    measure(registry, 'tenantry_gateway_plan_cache_bytes', 'Bytes that the kept plans are estimated to take.', () => cacheSize().bytes);
  }

  lookedUp(answer: PlanLookup): void {
    this.#lookups.inc({ answer });
  }

  planned(lane: PlanningLaneName, outcome: PlanningOutcome, seconds: number): void {
    this.#durations.observe({ lane, outcome }, seconds);
  }
}

function measure(registry: Registry, name: string, help: string, read: () => number): void {
  const gauge: Gauge = new Gauge({ name, help, registers: [registry], collect: () => gauge.set(read()) });
}
