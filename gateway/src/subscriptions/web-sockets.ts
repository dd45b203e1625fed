import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { requestIdOf } from '@tenantry/service';
import type { FastifyInstance } from 'fastify';
import { handleProtocols } from 'graphql-ws';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Callers } from './callers.ts';
import { closingFor, serverStops } from './close-codes.ts';
import type { SubscriptionMetrics } from './subscription-metrics.ts';
import type { WebSocketProtocol } from './web-socket-protocol.ts';
import { WebSocketSession, type SessionOptions } from './web-socket-session.ts';

export interface WebSocketsOptions {
  readonly callers: Callers;
  readonly protocol: WebSocketProtocol;
  readonly sessions: SessionOptions;
  readonly metrics: SubscriptionMetrics;
  /** Bytes of a message at most. */
  readonly maxMessageBytes: number;
  /** Milliseconds that queries and mutations under way have when the server stops. Default 8000. */
  readonly drainMs?: number;
}

const defaultDrainMs = 8000;

/** Milliseconds that clients have to close their side of a connection. */
const closingMs = 1000;

/** WebSockets on `/graphql` of `server`, until it closes. What asks for another upgrade is answered as if it had not. */
export function serveWebSockets(server: FastifyInstance, options: WebSocketsOptions): void {
  const webSockets = new WebSockets(options);
  const { server: listener } = server;
  // An option of Node's http servers; with none, every request with an Upgrade header (h2c, say) would have to become a WebSocket.
  Object.assign(listener, { shouldUpgradeCallback: isUpgradeToGraphql });
  listener.on('upgrade', (request, socket, head) => webSockets.accept(request, socket, head));
  server.addHook('preClose', async () => webSockets.drain());
}

function isUpgradeToGraphql({ method, url, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket' && url?.split('?', 1)[0] === '/graphql';
}

class WebSockets {
  readonly #options: WebSocketsOptions;
  readonly #server: WebSocketServer;
  readonly #open = new Map<WebSocket, WebSocketSession>();
  #isDraining = false;

  constructor(options: WebSocketsOptions) {
    this.#options = options;
    // Its types know nothing of `closeTimeout`.
    const serverOptions = {
      noServer: true,
      clientTracking: false,
      maxPayload: options.maxMessageBytes,
      perMessageDeflate: false,
      closeTimeout: closingMs,
      handleProtocols,
    };
    this.#server = new WebSocketServer(serverOptions);
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#isDraining) return refuse(socket, '503 Service Unavailable', 'TENANT_UNAVAILABLE', 'The server is stopping: connect again.');
    if (!this.#options.callers.isAllowedPage(request)) {
      return refuse(socket, '403 Forbidden', 'FORBIDDEN', 'Pages of this origin may not connect: see CORS_ORIGINS.');
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#serve(webSocket, request));
  }

  /** Lets what is under way be answered, and closes the connections. */
  drain(): void {
    this.#isDraining = true;
    for (const session of this.#open.values()) session.closeWhenAnswered(serverStops);
    setTimeout(() => this.#terminate(), this.#options.drainMs ?? defaultDrainMs).unref();
  }

  #serve(webSocket: WebSocket, request: IncomingMessage): void {
    const { callers, protocol, sessions, metrics } = this.#options;
    const origin = callers.addressOf(request);
    const place = this.#enter(webSocket, origin);
    if (!place) return;
    const { headers } = request;
    const session = new WebSocketSession(webSocket, { headers, requestId: requestIdOf(headers), origin }, sessions);
    this.#open.set(webSocket, session);
    metrics.connections.inc();
    webSocket.once('close', () => {
      this.#open.delete(webSocket);
      place[Symbol.dispose]();
      metrics.connections.dec();
    });
    protocol.serve(webSocket, session);
  }

  /** @returns null where there is no place, and the connection is closed */
  #enter(webSocket: WebSocket, address: string | null): Disposable | null {
    try {
      return this.#options.sessions.connectionPlaces.enter(address);
    } catch (error) {
      const { code, reason } = closingFor(error);
      webSocket.close(code, reason);
      return null;
    }
  }

  #terminate(): void {
    for (const webSocket of this.#open.keys()) webSocket.terminate();
  }
}

/** Answers a request for an upgrade as HTTP. */
function refuse(socket: Duplex, status: string, code: string, message: string): void {
  const body = JSON.stringify({ errors: [{ message, extensions: { code } }] });
  const head = [
    `HTTP/1.1 ${status}`,
    'Connection: close',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.on('error', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
