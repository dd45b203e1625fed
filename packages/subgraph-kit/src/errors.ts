import { StartError } from '@tenantry/service';

/** Raised at start when a subgraph's folder, schema or resolvers are not fit to serve; says which and what to change. */
export class SubgraphDefinitionError extends StartError {}

/** Raised at start when another process listens where a subgraph should. */
export class PortTakenError extends StartError {
  constructor(port: number, cause: Error) {
    super(`Port ${port} is in use: stop what listens there, or choose another by PORT.`, { cause });
  }
}
