import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@tenantry/service';
import type { Client, ClientConfig } from 'pg';
import { connectListener, endClient } from './listening-client.ts';

export interface KeepListeningOptions {
  /** Of a direct connection: `LISTEN` does not pass through a pooler in transaction mode. */
  connection: ClientConfig;
  channel: string;
  /** Told each message, and null after a reconnect: what was published before may have been missed. */
  onMessage: (message: string | null) => void;
  logger: Logger;
}

/** Milliseconds between two looks whether the connection that listens still is one: it would not say that it is lost. */
const heartbeatMs = 3000;
const firstRetryMs = 50;
const lastRetryMs = 5000;

/**
 * Listens on a channel of Postgres, and again, with backoff, whenever the connection is lost or has fallen silent. Disposing of the result
 * ends it.
 *
 * @throws when it cannot be connected now
 */
export async function keepListening(options: KeepListeningOptions): Promise<AsyncDisposable> {
  const listener = new PersistentListener(options);
  await listener.listen();
  return listener;
}

type ListenerState = { phase: 'closed' } | { phase: 'listening'; client: Client } | { phase: 'reconnecting'; stop: AbortController };

class PersistentListener implements AsyncDisposable {
  readonly #options: KeepListeningOptions;
  readonly #logger: Logger;
  #state: ListenerState = { phase: 'closed' };

  constructor(options: KeepListeningOptions) {
    this.#options = options;
    this.#logger = options.logger.child({ channel: options.channel });
  }

  async listen(): Promise<void> {
    const { connection, channel, onMessage } = this.#options;
    const client = await connectListener({
      connection,
      channel,
      onMessage: (payload) => {
        if (payload) onMessage(payload);
      },
      onError: (err) => this.#logger.warn({ err }, 'the connection that listens was lost'),
    });
    this.#state = { phase: 'listening', client };
    const heartbeat = setInterval(() => void this.#check(client), heartbeatMs).unref();
    client.once('end', () => {
      clearInterval(heartbeat);
      void this.#reconnect();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
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

  async #check(client: Client): Promise<void> {
    try {
      await client.query('SELECT 1');
    } catch (err) {
      if (this.#state.phase !== 'listening') return;
      this.#logger.warn({ err }, 'the connection that listens does not answer');
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
      this.#logger.warn({ err }, 'the connection that listens could not be made again yet');
      return false;
    }
    if (signal.aborted) await this[Symbol.asyncDispose]();
    else this.#options.onMessage(null);
    return true;
  }
}
