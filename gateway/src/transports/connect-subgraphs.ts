import type { ContextSigner } from '@tenantry/auth';
import type { Registry } from 'prom-client';
import type { SubgraphLocation } from '../supergraph/load-supergraph.ts';
import { HopMetrics } from './hop-metrics.ts';
import { SharedQueries } from './resilience/shared-queries.ts';
import { createSubgraphClient, type SubgraphClient } from './subgraph-client.ts';
import type { SubgraphTransport } from './subgraph-transport.ts';

/** The way to one subgraph, with all that is kept of it between requests. */
export interface SubgraphConnection extends AsyncDisposable {
  readonly client: SubgraphClient;
  /** Rejects, with the reason, while the subgraph cannot serve. */
  checkReadiness(): Promise<void>;
}

export interface ConnectOptions {
  connect(subgraph: SubgraphLocation): SubgraphTransport & AsyncDisposable;
  signer: ContextSigner;
  metrics: Registry;
  /** Whether a query is answered by an equal one of the same principal that is under way. */
  sharesQueries: boolean;
}

/** Makes the function that connects a gateway to one subgraph after another. */
export function connectSubgraphs(options: ConnectOptions): (subgraph: SubgraphLocation) => SubgraphConnection {
  const { signer } = options;
  const metrics = new HopMetrics(options.metrics);
  const sharedQueries = options.sharesQueries ? new SharedQueries() : null;
  return (subgraph) => {
    const transport = options.connect(subgraph);
    return {
      client: createSubgraphClient({ name: subgraph.name, transport, signer, metrics, sharedQueries }),
      checkReadiness: async () => await transport.checkReadiness?.(),
      [Symbol.asyncDispose]: async () => await transport[Symbol.asyncDispose](),
    };
  };
}
