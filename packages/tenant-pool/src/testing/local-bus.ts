import { InvalidationListeners, type InvalidationBus } from '../directory/invalidation-bus.ts';

/** A bus within one process, whose messages arrive at once. */
export class LocalBus implements InvalidationBus {
  readonly #listeners = new InvalidationListeners();

  async publish(tenantId: string): Promise<void> {
    this.#listeners.tell(tenantId);
  }

  subscribe(listener: (tenantId: string | null) => void): Disposable {
    return this.#listeners.add(listener);
  }

  /** As after a reconnect. */
  loseMessages(): void {
    this.#listeners.tell(null);
  }
}
