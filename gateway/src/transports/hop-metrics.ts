import { TalliedHistogram } from '@tenantry/service';
import { Counter, type Registry } from 'prom-client';
import type { CircuitPhase } from './resilience/circuit.ts';
import type { CircuitScope } from './resilience/subgraph-breaker.ts';

/**
 * How a call to a subgraph ended, all its attempts together: `errors` came with an answer, `failed` and `timeout` had none, `cancelled`
 * was given up by who asked, and `refused` was not made because the subgraph did not answer before.
 */
export type HopOutcome = 'ok' | 'errors' | 'failed' | 'timeout' | 'cancelled' | 'refused';

/** The metrics of a gateway's calls to its subgraphs; one to a registry. Tenants are no label. */
export class HopMetrics {
  readonly duration: TalliedHistogram<'subgraph' | 'outcome'>;
  readonly retries: Counter<'subgraph'>;
  readonly deduplicated: Counter<'subgraph'>;
  readonly breakerChanges: Counter<'subgraph' | 'scope' | 'state'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.duration = new TalliedHistogram({
      name: 'tenantry_gateway_subgraph_duration_seconds',
      help: 'Time of a call to a subgraph, its retries included, by outcome.',
      labelNames: ['subgraph', 'outcome'],
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    this.retries = new Counter({
      name: 'tenantry_gateway_subgraph_retries_total',
      help: 'Queries that were sent again because no answer came.',
      labelNames: ['subgraph'],
      registers,
    });
    this.deduplicated = new Counter({
      name: 'tenantry_gateway_subgraph_deduplicated_total',
      help: 'Queries that were answered by one already under way for the same principal.',
      labelNames: ['subgraph'],
      registers,
    });
    this.breakerChanges = new Counter({
      name: 'tenantry_gateway_subgraph_breaker_changes_total',
      help: 'Circuits that changed, by new state and by whose they are: those of single tenants, or of the whole subgraph.',
      labelNames: ['subgraph', 'scope', 'state'],
      registers,
    });
  }

  ended(subgraph: string, outcome: HopOutcome, milliseconds: number): void {
    this.duration.tally({ subgraph, outcome }, milliseconds / 1000);
  }

  breakerChanged(subgraph: string, scope: CircuitScope, state: CircuitPhase): void {
    this.breakerChanges.inc({ subgraph, scope, state });
  }
}
