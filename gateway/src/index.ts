export { composeSupergraph, type SubgraphSource } from './composition/compose-supergraph.ts';
export { findSubgraphs, type SubgraphSchema } from './composition/find-subgraphs.ts';
export { CompositionError, OperationTooComplexError, SubgraphFetchError, type CompositionProblem } from './errors.ts';
export type { SandboxOptions } from './http/sandbox.ts';
export type { OperationLimits } from './limits/operation-size.ts';
export type { GatewaySubgraph, ServedSupergraph } from './served-supergraph.ts';
export { startGateway, type Gateway, type GatewayConfig } from './server.ts';
export { createHttpTransport, type HttpTransportOptions } from './transports/http-transport.ts';
export type { SubgraphOperation, SubgraphResult, SubgraphTransport } from './transports/subgraph-transport.ts';
