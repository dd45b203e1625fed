import { Counter, Gauge, type Registry } from 'prom-client';

/**
 * What came of looking for another supergraph. `swapped`: it is served. `rejected`: it cannot be, the one before stays. `unreadable`:
 * there was none to be read.
 */
export type ReloadOutcome = 'swapped' | 'rejected' | 'unreadable';

/** Requests that run, by whether their supergraph is the current one. */
export interface RequestsInFlight {
  readonly current: number;
  readonly draining: number;
}

/** What becomes of a gateway's supergraphs; one gateway to a registry. */
export class SupergraphMetrics {
  readonly #reloads: Counter<'outcome'>;

  /** @param inFlight asked at each scrape */
  constructor(registry: Registry, inFlight: () => RequestsInFlight) {
    const registers = [registry];
    this.#reloads = new Counter({
      name: 'tenantry_gateway_supergraph_reloads_total',
      help: 'Changes of the supergraph after the start, by what came of them.',
      labelNames: ['outcome'],
      registers,
    });
    const requests: Gauge<'generation'> = new Gauge({
      name: 'tenantry_gateway_requests_in_flight',
      help: 'Requests that run, by whether their supergraph is the current one or one that drains.',
      labelNames: ['generation'],
      registers,
      collect: () => {
        const { current, draining } = inFlight();
        requests.set({ generation: 'current' }, current);
        requests.set({ generation: 'draining' }, draining);
      },
    });
  }

  reloaded(outcome: ReloadOutcome): void {
    this.#reloads.inc({ outcome });
  }
}
