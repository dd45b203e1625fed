import type { Logger } from '@tenantry/service';
import { channelConnection } from '../channels/channel-connection.ts';
import { keepListening } from '../channels/keep-listening.ts';
import { openNotifier } from '../channels/notifier.ts';
import { InvalidationListeners, invalidationChannel, type InvalidationBus } from './invalidation-bus.ts';

export interface PostgresBusOptions {
  /** A direct connection: `LISTEN` does not pass through a pooler in transaction mode. */
  controlDatabaseUrl: string;
  logger: Logger;
}

/**
 * Opens a bus over `LISTEN` and `NOTIFY` of the control database. A lost connection is made again, with backoff, and listeners
 * then get null.
 *
 * @throws when the control database cannot be reached now
 */
export async function openPostgresBus({ controlDatabaseUrl, logger }: PostgresBusOptions): Promise<InvalidationBus & AsyncDisposable> {
  await using opening = new AsyncDisposableStack();
  const listeners = new InvalidationListeners();
  const connection = channelConnection(controlDatabaseUrl, 'tenantry:bus');
  const notifier = opening.use(openNotifier({ connection, channel: invalidationChannel, logger }));
  const onMessage = (tenantId: string | null) => listeners.tell(tenantId);
  opening.use(await keepListening({ connection, channel: invalidationChannel, onMessage, logger }));
  const opened = opening.move();
  return {
    publish: async (tenantId) => {
      // Whether or not the word goes out: this process must not go on with what it knows to be outdated.
      listeners.tell(tenantId);
      await notifier.publish([tenantId]);
    },
    subscribe: (listener) => listeners.add(listener),
    [Symbol.asyncDispose]: async () => await opened.disposeAsync(),
  };
}
