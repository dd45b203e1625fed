import { StartError, TenantryError } from '@tenantry/service';
import { TenantUnavailableError } from '@tenantry/tenant-pool';

/** Raised at start when a subgraph's folder, schema or resolvers are not fit to serve; says which and what to change. */
export class SubgraphDefinitionError extends StartError {}

/** Raised when jobs are to be run in a process that holds no cluster's administrator credentials. */
export class ControlRequiredError extends StartError {
  constructor() {
    super('A worker needs the administrators of the clusters: set TENANT_CLUSTERS.');
  }
}

/** Raised when as many subscriptions are open as there may be. */
export class TooManySubscriptionsError extends TenantryError {
  readonly code = 'RATE_LIMITED';

  /** @param whose `This server` or `This tenant` */
  constructor(whose: string, limit: number) {
    super(`${whose} has ${limit} subscriptions open, which is as many as it may: close some, or try again later.`, {
      retryAfterMs: 10_000,
    });
  }
}

/** Raised when a subscription ends because its process does. */
export class ServerStoppingError extends TenantUnavailableError {
  constructor() {
    super('This server is stopping: subscribe again, and another one answers.', { retryAfterMs: 1000 });
  }
}
