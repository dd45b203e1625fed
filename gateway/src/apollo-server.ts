import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { createContextSigner } from '@tenantry/auth';
import type { Logger, Mode } from '@tenantry/service';
import { apolloLogger } from './apollo-logger.ts';
import { createAuthorization } from './authorization/authorize-operation.ts';
import { takeAccessRules } from './authorization/take-access-rules.ts';
import { createApolloGateway } from './execution/apollo-gateway.ts';
import { errorPresentation } from './http/error-presentation.ts';
import type { GatewayContext } from './http/gateway-context.ts';
import { operationChecks } from './http/operation-checks.ts';
import { createAnswerSizeCheck } from './limits/answer-size.ts';
import { createSizeCheck, type OperationLimits } from './limits/operation-size.ts';
import type { SubgraphTransport } from './transports/subgraph-transport.ts';

export interface ApolloServerOptions {
  mode: Mode;
  /** As composed, with its access rules. */
  supergraphSdl: string;
  transports: ReadonlyMap<string, SubgraphTransport>;
  signingKey: Buffer;
  limits: OperationLimits;
  logger: Logger;
  plugins: readonly ApolloServerPlugin[];
}

/** An Apollo Server that checks operations itself and leaves their execution to the gateway's plans. It reports to nobody. */
export function createApolloServer(options: ApolloServerOptions): ApolloServer<GatewayContext> {
  const { mode, transports, limits, logger } = options;
  const { supergraphSdl, rules } = takeAccessRules(options.supergraphSdl);
  const signer = createContextSigner({ key: options.signingKey });
  return new ApolloServer<GatewayContext>({
    gateway: createApolloGateway({ supergraphSdl, transports, signer, logger }),
    logger: apolloLogger(logger),
    nodeEnv: mode,
    introspection: mode === 'development',
    hideSchemaDetailsFromClientErrors: mode === 'production',
    includeStacktraceInErrorResponses: false,
    allowBatchedHttpRequests: false,
    csrfPrevention: true,
    parseOptions: { maxTokens: limits.tokens },
    stopOnTerminationSignals: false,
    plugins: [
      operationChecks({
        checkSize: createSizeCheck(limits),
        checkAnswerSize: createAnswerSizeCheck(limits),
        authorize: createAuthorization(rules),
      }),
      errorPresentation(logger),
      ...options.plugins,
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
    ],
  });
}
