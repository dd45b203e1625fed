import type { LongWork } from '../../backups/long-work.ts';

type Listener = LongWork['onProgress'];

/** Who wants to know how far a saga of this process has come. */
export class ProgressListeners {
  readonly #listeners = new Map<string, Listener>();

  /** Undefined where nobody does. */
  of(sagaId: string): Listener {
    return this.#listeners.get(sagaId);
  }

  listen(sagaId: string, listener: Listener): Disposable {
    this.#listeners.set(sagaId, listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(sagaId) };
  }
}
