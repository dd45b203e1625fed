import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@tenantry/service';
import { Pool, type Client, type ClientConfig } from 'pg';
import { connectListener, endClient } from '../channels/listening-client.ts';
import { InvalidationListeners, invalidationChannel, type InvalidationBus } from './invalidation-bus.ts';

export interface PostgresBusOptions {
  /** A direct connection: `LISTEN` does not pass through a pooler in transaction mode. */
  controlDatabaseUrl: string;
  logger: Logger;
}

const connectDeadlineMs = 5000;
/** Milliseconds that the control database gets to answer. */
const answerDeadlineMs = 2000;
/** Milliseconds between two looks whether the connection that listens still is one: it would not say that it is lost. */
const heartbeatMs = 3000;
const firstRetryMs = 50;
const lastRetryMs = 5000;
const publisherIdleMs = 10_000;

/**
 * Opens a bus over `LISTEN` and `NOTIFY` of the control database. A lost connection is made again, with backoff, and listeners
 * then get null.
 *
 * @throws when the control database cannot be reached now
 */
export async function openPostgresBus({ controlDatabaseUrl, logger }: PostgresBusOptions): Promise<InvalidationBus & AsyncDisposable> {
  const bus = new PostgresBus(controlDatabaseUrl, logger);
  await bus.listen();
  return bus;
}

type ListenerState = { phase: 'closed' } | { phase: 'listening'; client: Client } | { phase: 'reconnecting'; stop: AbortController };

class PostgresBus implements InvalidationBus, AsyncDisposable {
  readonly #connection: ClientConfig;
  readonly #logger: Logger;
  readonly #listeners = new InvalidationListeners();
  readonly #publisher: Pool;
  #state: ListenerState = { phase: 'closed' };

  constructor(connectionString: string, logger: Logger) {
    this.#connection = {
      connectionString,
      application_name: 'tenantry:bus',
      connectionTimeoutMillis: connectDeadlineMs,
      query_timeout: answerDeadlineMs,
      keepAlive: true,
    };
    this.#logger = logger;
    this.#publisher = new Pool({ ...this.#connection, max: 1, idleTimeoutMillis: publisherIdleMs, allowExitOnIdle: true });
    this.#publisher.on('error', (err) => logger.warn({ err }, 'the bus lost an idle connection'));
  }

  async publish(tenantId: string): Promise<void> {
    // Whether or not the word goes out: this process must not go on with what it knows to be outdated.
    this.#listeners.tell(tenantId);
    await this.#publisher.query('SELECT pg_notify($1, $2)', [invalidationChannel, tenantId]);
  }

  subscribe(listener: (tenantId: string | null) => void): Disposable {
    return this.#listeners.add(listener);
  }

  async listen(): Promise<void> {
    const client = await connectListener({
      connection: this.#connection,
      channel: invalidationChannel,
      onMessage: (payload) => {
        if (payload) this.#listeners.tell(payload);
      },
      onError: (err) => this.#logger.warn({ err }, 'the bus lost its connection'),
    });
    this.#state = { phase: 'listening', client };
    const heartbeat = setInterval(() => void this.#check(client), heartbeatMs).unref();
    client.once('end', () => {
      clearInterval(heartbeat);
      void this.#reconnect();
    });
  }

  async #check(client: Client): Promise<void> {
    try {
      await client.query('SELECT 1');
    } catch (err) {
      if (this.#state.phase !== 'listening') return;
      this.#logger.warn({ err }, 'the connection of the bus does not answer');
      await endClient(client);
    }
  }

  async #reconnect(): Promise<void> {
    if (this.#state.phase === 'closed') return;
    const stop = new AbortController();
    this.#state = { phase: 'reconnecting', stop };
    for (let delayMs = firstRetryMs; !stop.signal.aborted; delayMs = Math.min(delayMs * 2, lastRetryMs)) {
      // Spread, so that the processes do not all come back in the same moment.
      await sleep(delayMs * (0.5 + Math.random()), undefined, { signal: stop.signal }).catch(() => {});
      if (!stop.signal.aborted && (await this.#listenAgain(stop.signal))) return;
    }
  }

  async #listenAgain(signal: AbortSignal): Promise<boolean> {
    try {
      await this.listen();
    } catch (err) {
      this.#logger.warn({ err }, 'the bus could not reconnect yet');
      return false;
    }
    if (signal.aborted) await this.#close();
    else this.#listeners.tell(null);
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#close(), this.#publisher.ended ? undefined : this.#publisher.end()]);
  }

  async #close(): Promise<void> {
    const state = this.#state;
    this.#state = { phase: 'closed' };
    switch (state.phase) {
      case 'listening':
        return await endClient(state.client);
      case 'reconnecting':
        return state.stop.abort();
      case 'closed':
        return;
    }
  }
}
