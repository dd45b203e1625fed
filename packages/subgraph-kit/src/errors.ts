import { StartError } from '@tenantry/service';

/** Raised at start when a subgraph's folder, schema or resolvers are not fit to serve; says which and what to change. */
export class SubgraphDefinitionError extends StartError {}
