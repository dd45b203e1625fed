export { defineTenantTask, type JobRequest, type TenantJob, type TenantJobs, type TenantTask } from '@tenantry/tenant-control';
export { cursorInstant, cursorText } from './cursor-values.ts';
export {
  defineSubgraph,
  type Resolver,
  type Resolvers,
  type Subgraph,
  type SubgraphContext,
  type SubgraphDefinition,
  type SubscriptionResolver,
} from './define-subgraph.ts';
export { SubgraphDefinitionError } from './errors.ts';
export { CompiledOperation, type OperationInput } from './execution/compiled-operation.ts';
export {
  createSubgraphHandler,
  type ExecuteOptions,
  type SubscribeOptions,
  type SubgraphHandler,
  type SubgraphHandlerOptions,
  type SubgraphOperation,
} from './handler.ts';
export { defaultSubgraphsDirectory, loadSubgraphByName, loadSubgraphs } from './load-subgraphs.ts';
export { createGroupLoader, createLoader, createSharedRead, type Loader, type LoaderOptions, type ReadRows } from './loaders.ts';
export type { Member } from './membership-store.ts';
export {
  parsePage,
  toConnection,
  type Connection,
  type CursorPosition,
  type Ordering,
  type Page,
  type PageArguments,
  type PageLimits,
} from './pagination.ts';
export { roleIncludes, type MemberRole } from './roles.ts';
export { dateTimeScalar } from './scalars.ts';
export { startJobs, type StartJobsOptions } from './start-jobs.ts';
export { startWorkerProcess } from './start-worker-process.ts';
export { serveSubgraph, type SubgraphServer, type SubgraphServerOptions } from './server.ts';
export { openServices, type OpenServices, type ServicesConfig, type SubgraphServices } from './services.ts';
export type { SubgraphSubscription } from './subscriptions/result-stream.ts';
export type { SubgraphRequest } from './subgraph-request.ts';
export type { Acting, Viewer } from './viewer.ts';
export { readWorkerConfig, type WorkerConfig } from './worker-config.ts';
