/** Carries messages of changes between the processes of an installation. */
export interface ChangeCarrier extends AsyncDisposable {
  /** @throws when they could not be sent */
  send(messages: readonly string[]): Promise<void>;
  /**
   * Resolves when what is sent from then on is heard, by one connection however many follow. `onMessage` gets null whenever messages may
   * have been lost, as after a reconnect. It must not throw.
   *
   * @throws when there is no listening now
   */
  listen(onMessage: (message: string | null) => void): Promise<void>;
}

/** The name of the channel, in Postgres and in Redis. */
export const changesChannel = 'tenantry_events';
