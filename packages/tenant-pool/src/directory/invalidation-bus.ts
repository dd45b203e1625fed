/** Carries word of changed tenants from the process that changed one to all that may have it cached. */
export interface InvalidationBus {
  /**
   * Says that a tenant's placement has changed. To be called after the change is committed. Listeners of this bus have heard it
   * when the promise resolves, and may hear it again; those of other processes hear it soon after.
   *
   * @throws when the word could not be given; it should then be given again, for nobody else knows of the change
   */
  publish(tenantId: string): Promise<void>;
  /**
   * Has `listener` called with the id of each tenant that changed, or with null when messages may have been lost, as after a
   * reconnect: anything may have changed then. It must not throw.
   */
  subscribe(listener: (tenantId: string | null) => void): Disposable;
}

/** The name of the channel, in Postgres and in Redis. */
export const invalidationChannel = 'tenantry_tenant_changed';

/** Who listens on this side of a bus. */
export class InvalidationListeners {
  readonly #listeners = new Set<(tenantId: string | null) => void>();

  tell(tenantId: string | null): void {
    for (const listener of this.#listeners) listener(tenantId);
  }

  add(listener: (tenantId: string | null) => void): Disposable {
    // Wrapped, so that one function subscribed twice is two subscriptions.
    const own = (tenantId: string | null) => listener(tenantId);
    this.#listeners.add(own);
    return { [Symbol.dispose]: () => void this.#listeners.delete(own) };
  }
}
