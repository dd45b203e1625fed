import { ApolloGateway } from '@apollo/gateway';
import type { ContextSigner } from '@tenantry/auth';
import type { Logger } from '@tenantry/service';
import { apolloLogger } from '../apollo-logger.ts';
import type { SubgraphTransport } from '../transports/subgraph-transport.ts';
import { createSubgraphDataSource } from './subgraph-data-source.ts';

export interface ApolloGatewayOptions {
  /** Without access rules, which `@apollo/gateway` refuses to load. */
  supergraphSdl: string;
  transports: ReadonlyMap<string, SubgraphTransport>;
  signer: ContextSigner;
  logger: Logger;
}

/** Plans and executes operations over a fixed supergraph. */
export function createApolloGateway({ supergraphSdl, transports, signer, logger }: ApolloGatewayOptions): ApolloGateway {
  // The constructor reads this; else it probes cloud metadata addresses and reports to Apollo.
  process.env['APOLLO_TELEMETRY_DISABLED'] = '1';
  return new ApolloGateway({
    supergraphSdl,
    logger: apolloLogger(logger),
    validateSupergraph: true,
    __exposeQueryPlanExperimental: false,
    buildService({ name }) {
      const transport = transports.get(name);
      if (!transport) throw new Error(`The supergraph has a subgraph ${name}, to which there is no transport.`);
      return createSubgraphDataSource({ name, transport, signer });
    },
  });
}
