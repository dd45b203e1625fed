import { abandonable } from '@tenantry/service';

/**
 * The changes that one follower has yet to take. Each thing is in it once, however often it changed: it is to be read when it is taken.
 * When more than {@link mostPending} wait, they become null, so that a slow follower costs no more memory than that.
 */
export interface ChangeFeed extends Disposable {
  /**
   * Waits for the next change.
   *
   * @returns the id of what has changed, or null when changes may have been missed: anything may be different then
   * @throws the signal's reason, once it is aborted
   */
  next(signal?: AbortSignal): Promise<string | null>;
}

/** Ids that wait for a follower at most. */
export const mostPending = 1000;

export class PendingChanges implements ChangeFeed {
  readonly #pending = new Set<string>();
  readonly #onDispose: () => void;
  #hasMissed = false;
  #arrival = Promise.withResolvers<void>();

  constructor(onDispose: () => void) {
    this.#onDispose = onDispose;
  }

  /** @param id null when changes may have been missed */
  tell(id: string | null): void {
    if (id !== null) this.#pending.add(id);
    if (id === null || this.#pending.size > mostPending) {
      this.#hasMissed = true;
      this.#pending.clear();
    }
    this.#arrival.resolve();
  }

  async next(signal?: AbortSignal): Promise<string | null> {
    signal?.throwIfAborted();
    while (!this.#hasMissed && this.#pending.size === 0) {
      this.#arrival = Promise.withResolvers();
      await abandonable(this.#arrival.promise, signal);
    }
    return this.#take();
  }

  [Symbol.dispose](): void {
    this.#onDispose();
  }

  #take(): string | null {
    if (this.#hasMissed) {
      this.#hasMissed = false;
      return null;
    }
    const [id = null] = this.#pending;
    if (id !== null) this.#pending.delete(id);
    return id;
  }
}
