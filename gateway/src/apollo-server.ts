import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import type { Logger, Mode } from '@tenantry/service';
import { apolloLogger } from './apollo-logger.ts';
import { createExecutor } from './http/apollo-execution.ts';
import { deferredDelivery } from './http/deferred-delivery.ts';
import { errorPresentation } from './http/error-presentation.ts';
import type { Execution } from './http/execution.ts';
import type { GatewayContext } from './http/gateway-context.ts';
import { operationChecks, type CheckOperation } from './http/operation-checks.ts';
import type { OperationLimits } from './limits/operation-size.ts';
import { asApolloGateway } from './supergraph/apollo-gateway.ts';
import type { Generations } from './supergraph/generations.ts';
import type { SubgraphConnection } from './transports/connect-subgraphs.ts';

export interface ApolloServerOptions {
  mode: Mode;
  generations: Generations<SubgraphConnection>;
  execution: Execution;
  check: CheckOperation;
  limits: Pick<OperationLimits, 'tokens'>;
  logger: Logger;
  plugins: readonly ApolloServerPlugin<GatewayContext>[];
}

/** An Apollo Server that checks operations itself and leaves their execution to the gateway's plans. It reports to nobody. */
export function createApolloServer(options: ApolloServerOptions): ApolloServer<GatewayContext> {
  const { mode, generations, execution, check, limits, logger } = options;
  return new ApolloServer<GatewayContext>({
    gateway: asApolloGateway(generations, createExecutor(execution)),
    logger: apolloLogger(logger),
    nodeEnv: mode,
    introspection: mode === 'development',
    hideSchemaDetailsFromClientErrors: mode === 'production',
    includeStacktraceInErrorResponses: false,
    allowBatchedHttpRequests: false,
    csrfPrevention: true,
    parseOptions: { maxTokens: limits.tokens },
    stringifyResult: (result) => JSON.stringify(result),
    stopOnTerminationSignals: false,
    plugins: [
      operationChecks(check),
      deferredDelivery(execution, logger),
      errorPresentation(logger),
      ...options.plugins,
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
    ],
  });
}
