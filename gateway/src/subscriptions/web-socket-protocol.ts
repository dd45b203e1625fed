import type { Logger } from '@tenantry/service';
import { makeServer, type ConnectionInitMessage, type Server } from 'graphql-ws';
import type { RawData, WebSocket } from 'ws';
import { internalError, tooSlow } from './close-codes.ts';
import { keepAlive } from './keep-alive.ts';
import { toGraphQLErrors } from './presentation.ts';
import { RunningOperation } from './running-operation.ts';
import type { WebSocketSession } from './web-socket-session.ts';

export interface WebSocketProtocolOptions {
  /** Milliseconds within which `connection_init` must come. Default 5000. */
  readonly initTimeoutMs?: number;
  /** Milliseconds between two pings; whoever does not answer one before the next is cut off. Default 12000. */
  readonly pingMs?: number;
  /** Bytes that may wait for a client to read them, before it is cut off. Default 16 MiB. */
  readonly maxBufferedBytes?: number;
  readonly logger: Logger;
}

const defaultInitTimeoutMs = 5000;
const defaultPingMs = 12_000;
const defaultMaxBufferedBytes = 16 * 1024 * 1024;

/** Speaks `graphql-transport-ws` (GraphQL over WebSocket Protocol) for sessions. */
export class WebSocketProtocol {
  readonly #pingMs: number;
  readonly #maxBufferedBytes: number;
  readonly #logger: Logger;
  readonly #server: Server<WebSocketSession>;

  constructor({ initTimeoutMs = defaultInitTimeoutMs, pingMs = defaultPingMs, logger, ...options }: WebSocketProtocolOptions) {
    this.#pingMs = pingMs;
    this.#maxBufferedBytes = options.maxBufferedBytes ?? defaultMaxBufferedBytes;
    this.#logger = logger;
    this.#server = makeServer<ConnectionInitMessage['payload'], WebSocketSession>({
      connectionInitWaitTimeout: initTimeoutMs,
      onConnect: async ({ connectionParams, extra: session }) => await session.admit(connectionParams),
      onSubscribe: ({ extra: session }, id, payload) => {
        try {
          const { accepted, running } = session.start(id, payload);
          const { document } = accepted.operation;
          return { schema: accepted.schema, document, operationName: payload.operationName, contextValue: running };
        } catch (error) {
          return toGraphQLErrors(error);
        }
      },
      execute: ({ contextValue }) => startedOperation(contextValue),
      subscribe: ({ contextValue }) => startedOperation(contextValue),
      onNext: ({ extra: session }, id, _payload, _args, result) => session.presentResult(id, result),
      onError: ({ extra: session }, id, _payload, errors) => session.fail(id, errors),
      onComplete: ({ extra: session }, id) => session.forget(id),
    });
  }

  /** Serves a connection until it is closed. */
  serve(socket: WebSocket, session: WebSocketSession): void {
    const onClosed = this.#server.opened(
      {
        protocol: socket.protocol,
        send: async (message) => await this.#send(socket, session, message),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (handle) => {
          socket.on('message', (data) => void handle(textOf(data)).catch((error: unknown) => this.#failed(session, error)));
        },
      },
      session,
    );
    const alive = keepAlive(socket, this.#pingMs);
    socket.on('error', (err) => this.#logger.debug({ err }, 'a WebSocket failed'));
    socket.once('close', (code, reason) => {
      alive[Symbol.dispose]();
      session.end();
      onClosed(code, String(reason)).catch((error: unknown) => this.#failed(session, error));
    });
  }

  /** Resolves when the message has left, so that no next result of the same operation is taken before. */
  async #send(socket: WebSocket, session: WebSocketSession, message: string): Promise<void> {
    if (socket.readyState !== socket.OPEN) return session.end();
    if (socket.bufferedAmount > this.#maxBufferedBytes) {
      session.close(tooSlow);
      // It does not read what closes it either.
      socket.terminate();
      return;
    }
    const { promise: sent, resolve } = Promise.withResolvers<void>();
    // One that could not be sent is one that nobody waits for: the connection is closed.
    socket.send(message, () => resolve());
    await sent;
  }

  #failed(session: WebSocketSession, err: unknown): void {
    this.#logger.error({ err }, 'a message over a WebSocket could not be handled');
    session.close(internalError);
  }
}

function startedOperation(value: unknown): RunningOperation {
  if (value instanceof RunningOperation) return value;
  throw new TypeError('The operation was not started.');
}

/** Messages come as buffers; what does not is no message of the protocol. */
function textOf(data: RawData): string {
  return Buffer.isBuffer(data) ? data.toString() : '';
}
