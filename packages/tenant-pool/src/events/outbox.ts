import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@tenantry/service';
import { everythingMessage } from './tenant-change.ts';

export interface OutboxOptions {
  /** @throws when the messages could not be sent */
  send: (messages: readonly string[]) => Promise<void>;
  logger: Logger;
  /** Messages that wait at most. When there are more, a single one says that anything may have changed. Default 10000. */
  mostWaiting?: number;
}

const defaultMostWaiting = 10_000;
const firstRetryMs = 100;
const lastRetryMs = 5000;

/** Sends messages that nobody waits for: all that came while others were sent go together, each once. What fails is sent again. */
export class Outbox implements AsyncDisposable {
  readonly #options: OutboxOptions;
  readonly #mostWaiting: number;
  readonly #stop = new AbortController();
  #waiting = new Set<string>();
  #sending: Promise<void> | null = null;

  constructor({ mostWaiting = defaultMostWaiting, ...options }: OutboxOptions) {
    this.#options = options;
    this.#mostWaiting = mostWaiting;
  }

  add(message: string): void {
    this.#put([message]);
    this.#sending ??= this.#sendAll();
  }

  /** Sends what waits, and gives up on it if that fails. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#sending;
  }

  #put(messages: Iterable<string>): void {
    for (const message of messages) this.#waiting.add(message);
    if (this.#waiting.size > this.#mostWaiting) this.#waiting = new Set([everythingMessage]);
  }

  async #sendAll(): Promise<void> {
    for (let retryMs = firstRetryMs; this.#waiting.size > 0;) {
      const batch = this.#waiting;
      this.#waiting = new Set();
      if (await this.#send(batch)) {
        retryMs = firstRetryMs;
        continue;
      }
      if (this.#stop.signal.aborted) break;
      this.#put(batch);
      await sleep(retryMs, undefined, { signal: this.#stop.signal }).catch(() => {});
      retryMs = Math.min(retryMs * 2, lastRetryMs);
    }
    // No await between the look at what waits and this, so that nothing is left behind.
    this.#sending = null;
  }

  async #send(batch: ReadonlySet<string>): Promise<boolean> {
    try {
      await this.#options.send([...batch]);
      return true;
    } catch (err) {
      this.#options.logger.warn({ err, changes: batch.size }, 'subscribers could not be told of changes yet');
      return false;
    }
  }
}
