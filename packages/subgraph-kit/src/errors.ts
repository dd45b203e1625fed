import { StartError } from '@tenantry/service';

/** Raised at start when a subgraph's folder, schema or resolvers are not fit to serve; says which and what to change. */
export class SubgraphDefinitionError extends StartError {}

/** Raised when jobs are to be run in a process that holds no cluster's administrator credentials. */
export class ControlRequiredError extends StartError {
  constructor() {
    super('A worker needs the administrators of the clusters: set TENANT_CLUSTERS.');
  }
}
