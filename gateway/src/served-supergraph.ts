import { composedSource } from './supergraph/composed-source.ts';
import type { SubgraphLocation } from './supergraph/load-supergraph.ts';
import type { SupergraphSource } from './supergraph/supergraph-source.ts';
import type { SubgraphTransport } from './transports/subgraph-transport.ts';

/** A subgraph whose schema is at hand, and the way to it, which stays its maker's to dispose of. */
export interface GatewaySubgraph {
  readonly name: string;
  readonly schemaPath: string;
  readonly transport: SubgraphTransport;
}

/** A supergraph that is composed elsewhere. */
export interface ServedSupergraph {
  readonly source: SupergraphSource;
  /** Makes the way to a subgraph, which is disposed of when no supergraph that is served has the subgraph at that place. */
  connect(subgraph: SubgraphLocation): SubgraphTransport & AsyncDisposable;
}

export function servedSupergraph(served: readonly GatewaySubgraph[] | ServedSupergraph): ServedSupergraph {
  return isComposedElsewhere(served) ? served : composedHere(served);
}

function isComposedElsewhere(served: readonly GatewaySubgraph[] | ServedSupergraph): served is ServedSupergraph {
  return 'source' in served;
}

function composedHere(subgraphs: readonly GatewaySubgraph[]): ServedSupergraph {
  const transports = new Map(subgraphs.map(({ name, transport }) => [name, transport]));
  // Transports decide where a subgraph is; the supergraph that is composed here need not know.
  const sources = subgraphs.map(({ name, schemaPath }) => ({ name, schemaPath, url: `subgraph:${name}` }));
  return {
    source: composedSource(sources),
    connect({ name }) {
      const transport = transports.get(name);
      if (!transport) throw new RangeError(`There is no way to the subgraph ${name}.`);
      return lent(transport);
    },
  };
}

/** A transport that is not disposed of with the connection that uses it. */
function lent(transport: SubgraphTransport): SubgraphTransport & AsyncDisposable {
  const { timeoutMs, hasBytes = false } = transport;
  return {
    hasBytes,
    ...(timeoutMs !== undefined && { timeoutMs }),
    execute: (operation, signedContext, options) => transport.execute(operation, signedContext, options),
    ...(transport.subscribe && { subscribe: (...call) => transport.subscribe!(...call) }),
    checkReadiness: async () => await transport.checkReadiness?.(),
    [Symbol.asyncDispose]: async () => {},
  };
}
