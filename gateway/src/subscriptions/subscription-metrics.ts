import { Counter, Gauge, type Registry } from 'prom-client';
import type { ConnectionScope } from './connection-places.ts';
import type { Ending } from './running-operation.ts';

/** By what a client's operations come that may have several results. */
export type SubscriptionTransport = 'sse' | 'websocket';

/** What is measured of subscriptions: 14 series. */
export class SubscriptionMetrics {
  readonly connections: Gauge;
  readonly #refused: Counter<'scope'>;
  readonly #open: Gauge<'transport'>;
  readonly #results: Counter<'transport'>;
  readonly #ended: Counter<'transport' | 'ending'>;

  constructor(metrics: Registry) {
    const registers = [metrics];
    this.connections = new Gauge({ name: 'tenantry_gateway_websockets', help: 'WebSockets that are open.', registers });
    this.#refused = new Counter({
      name: 'tenantry_gateway_websockets_refused_total',
      help: 'WebSockets that were closed as there were as many as there may be: in all, of one address, or of one client.',
      labelNames: ['scope'],
      registers,
    });
    this.#open = new Gauge({
      name: 'tenantry_gateway_subscriptions',
      help: 'Subscriptions that are open.',
      labelNames: ['transport'],
      registers,
    });
    this.#results = new Counter({
      name: 'tenantry_gateway_subscription_results_total',
      help: 'Results of subscriptions that went out to clients.',
      labelNames: ['transport'],
      registers,
    });
    this.#ended = new Counter({
      name: 'tenantry_gateway_subscriptions_ended_total',
      help: 'Subscriptions that are over: completed by a subgraph, left by the client, or failed.',
      labelNames: ['transport', 'ending'],
      registers,
    });
  }

  refusedConnection(scope: ConnectionScope): void {
    this.#refused.inc({ scope });
  }

  began(transport: SubscriptionTransport): void {
    this.#open.inc({ transport });
  }

  gaveResult(transport: SubscriptionTransport): void {
    this.#results.inc({ transport });
  }

  ended(transport: SubscriptionTransport, ending: Ending): void {
    this.#open.dec({ transport });
    this.#ended.inc({ transport, ending });
  }
}
