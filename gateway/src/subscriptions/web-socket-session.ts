import type { IncomingHttpHeaders } from 'node:http';
import { fitRequestId, type Logger } from '@tenantry/service';
import {
  OperationTypeNode,
  type ExecutionResult,
  type FormattedExecutionResult,
  type GraphQLError,
  type GraphQLFormattedError,
} from 'graphql';
import type { WebSocket } from 'ws';
import { SubscribeAgainError, TooManyOperationsError } from '../errors.ts';
import type { FaultOrigin } from '../http/presented-errors.ts';
import type { ClientOperations, StartedOperation } from './client-operations.ts';
import { closingFor, internalError, subscribeAgain, type Closing } from './close-codes.ts';
import type { ConnectionPlaces } from './connection-places.ts';
import { credentialsOfConnection } from './credentials.ts';
import { identify, type Identity, type IdentityOptions } from './identity.ts';
import { Places } from './limits.ts';
import type { OperationPayload } from './operation-reader.ts';
import { presentFailure, presentResult, type Loosely } from './presentation.ts';
import { leftByClient } from './running-operation.ts';

export interface SessionOptions {
  readonly operations: ClientOperations;
  readonly identity: IdentityOptions;
  readonly connectionPlaces: ConnectionPlaces;
  /** Operations of one connection, at most. */
  readonly perConnection: number;
  readonly logger: Logger;
}

/** What is known of a connection when it opens. */
export interface Opening {
  readonly headers: IncomingHttpHeaders;
  readonly requestId: string;
  /** Address of the client. */
  readonly origin: string | null;
}

/** One WebSocket: whose it is, and what is under way over it. */
export class WebSocketSession {
  readonly #socket: WebSocket;
  readonly #opening: Opening;
  readonly #options: SessionOptions;
  readonly #places: Places<null>;
  readonly #closed = new AbortController();
  /** By the ids that the client has given its operations. */
  readonly #origins = new Map<string, FaultOrigin>();
  /** Queries and mutations under way: they are answered before the connection is closed by us, lest clients send them again. */
  readonly #unanswered = new Set<string>();
  #identity: Identity | null = null;
  #started = 0;
  #closing: Closing | null = null;

  constructor(socket: WebSocket, opening: Opening, options: SessionOptions) {
    this.#socket = socket;
    this.#opening = opening;
    this.#options = options;
    this.#places = new Places(options.perConnection, (most) => new TooManyOperationsError('this connection', most));
  }

  /** Checks what `connection_init` brings, and closes the connection where it does not do. @returns whether it does */
  async admit(parameters: Readonly<Record<string, unknown>> | undefined): Promise<boolean> {
    const { headers, origin, requestId } = this.#opening;
    try {
      const identity = await identify(credentialsOfConnection(parameters, headers), origin, this.#options.identity);
      this.#keep(identity);
      this.#keep(this.#options.connectionPlaces.admit(identity.tenantContext));
      identity.ended.addEventListener('abort', () => this.closeWhenAnswered(closingFor(identity.ended.reason)), { once: true });
      this.#identity = identity;
      return true;
    } catch (error) {
      const closing = closingFor(error);
      const level = closing === internalError ? 'error' : 'debug';
      this.#options.logger[level]({ err: error, requestId }, 'a WebSocket was refused');
      this.close(closing);
      return false;
    }
  }

  /** @throws what refuses the operation, for {@link fail} to say */
  start(id: string, payload: OperationPayload): StartedOperation {
    const identity = this.#identity;
    if (!identity) throw new TypeError('The WebSocket was not admitted.');
    this.#started += 1;
    const requestId = fitRequestId(`${this.#opening.requestId}/${this.#started}`);
    const { logger, operations } = this.#options;
    const { signal } = this.#closed;
    this.#origins.set(id, { context: { requestId, signal }, operationName: payload.operationName, logger });
    const place = this.#places.take(null);
    const onEnd = () => {
      place[Symbol.dispose]();
      this.#unanswered.delete(id);
      if (this.#closing) this.closeWhenAnswered(this.#closing);
    };
    try {
      const started = operations.start(payload, {
        identity,
        requestId,
        transport: 'websocket',
        until: signal,
        record: { operation: 'none', outcome: 'ok', accepted: null },
        onEnd,
      });
      if (started.accepted.operation.operation.operation !== OperationTypeNode.SUBSCRIPTION) this.#unanswered.add(id);
      return started;
    } catch (error) {
      place[Symbol.dispose]();
      throw error;
    }
  }

  presentResult(id: string, result: Loosely<ExecutionResult>): FormattedExecutionResult {
    return presentResult(result, this.#originOf(id));
  }

  /** What is said of the errors that refuse the operation, or end it. */
  fail(id: string, errors: readonly GraphQLError[]): GraphQLFormattedError[] {
    const causes = errors.map((error) => error.originalError ?? error);
    if (causes.some((cause) => cause instanceof SubscribeAgainError)) this.close(subscribeAgain);
    const origin = this.#originOf(id);
    this.forget(id);
    return causes.flatMap((cause) => presentFailure(cause, origin));
  }

  /** Nothing more is said of the operation. */
  forget(id: string): void {
    this.#origins.delete(id);
  }

  close({ code, reason }: Closing): void {
    this.#socket.close(code, reason);
    this.end();
  }

  /** Closes the connection, as soon as queries and mutations are answered. */
  closeWhenAnswered(closing: Closing): void {
    this.#closing = closing;
    if (this.#unanswered.size === 0) this.close(closing);
  }

  /** Leaves every operation, as nothing more can be said of it. */
  end(): void {
    this.#closed.abort(leftByClient);
  }

  /** Keeps what was taken for the connection until it is closed, which it may be by now. */
  #keep(taken: Disposable | null): void {
    this.#closed.signal.addEventListener('abort', () => taken?.[Symbol.dispose](), { once: true });
    if (this.#closed.signal.aborted) taken?.[Symbol.dispose]();
  }

  #originOf(id: string): FaultOrigin {
    const origin = this.#origins.get(id);
    if (!origin) throw new TypeError(`There is no operation ${id}.`);
    return origin;
  }
}
