import type { TokenVerifier } from '@tenantry/auth';
import type { Logger, Mode } from '@tenantry/service';
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import type { OperationLimits } from '../limits/operation-size.ts';
import { Callers } from './callers.ts';
import { ClientOperations, type SubscriptionExecution } from './client-operations.ts';
import { ConnectionPlaces } from './connection-places.ts';
import type { EventStreamOptions } from './event-stream.ts';
import { serveEventStreams } from './event-stream-route.ts';
import { defaultSubscriptionLimits, type SubscriptionLimits } from './limits.ts';
import { OperationReader, type Api } from './operation-reader.ts';
import { SubscriptionMetrics } from './subscription-metrics.ts';
import { WebSocketProtocol, type WebSocketProtocolOptions } from './web-socket-protocol.ts';
import { serveWebSockets } from './web-sockets.ts';

export interface SubscriptionsOptions {
  readonly mode: Mode;
  readonly verifier: TokenVerifier;
  /** What clients may ask at the moment; called for every operation. */
  readonly api: () => Api;
  readonly execution: SubscriptionExecution;
  readonly operationLimits: Pick<OperationLimits, 'bodyBytes' | 'tokens'>;
  readonly limits?: Partial<SubscriptionLimits>;
  /** Origins whose pages may connect, beside that of the gateway itself. */
  readonly corsOrigins: readonly string[];
  /** Addresses and networks of reverse proxies whose word on the client is taken. */
  readonly trustedProxies: readonly string[];
  readonly logger: Logger;
  readonly metrics: Registry;
  /** Milliseconds between two looks whether a client's token is still good. Default 10000. */
  readonly recheckMs?: number;
  /** How event streams and WebSockets are kept alive, and cut off. */
  readonly eventStreams?: EventStreamOptions;
  readonly webSockets?: Omit<WebSocketProtocolOptions, 'logger'>;
}

/**
 * Serves subscriptions at `/graphql`, over Server-Sent Events (the protocol of graphql-sse) and WebSockets (`graphql-transport-ws`, the
 * protocol of graphql-ws), which take queries and mutations as well. An operation passes the same checks as a request does, and ends
 * when the token that it came with expires or is revoked.
 *
 * @param server whose hooks hold for event streams, too; closing it ends every subscription, and lets queries and mutations be answered
 */
export function serveSubscriptions(server: FastifyInstance, options: SubscriptionsOptions): void {
  const { mode, api, execution, verifier, recheckMs, operationLimits, logger } = options;
  const limits = { ...defaultSubscriptionLimits, ...options.limits };
  const metrics = new SubscriptionMetrics(options.metrics);
  const reader = new OperationReader({ api, mode, maxTokens: operationLimits.tokens });
  const operations = new ClientOperations({ reader, execution, metrics, perClient: limits.perClient });
  const identity = { verifier, ...(recheckMs !== undefined && { recheckMs }) };
  serveEventStreams(server, { ...options.eventStreams, operations, identity, logger });
  serveWebSockets(server, {
    callers: new Callers(options.trustedProxies, options.corsOrigins),
    protocol: new WebSocketProtocol({ ...options.webSockets, logger }),
    sessions: {
      operations,
      identity,
      connectionPlaces: new ConnectionPlaces(limits, metrics),
      perConnection: limits.perConnection,
      logger,
    },
    metrics,
    maxMessageBytes: operationLimits.bodyBytes,
  });
}
