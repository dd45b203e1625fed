import type { Logger } from '@tenantry/service';
import { channelConnection } from '../channels/channel-connection.ts';
import { keepListening } from '../channels/keep-listening.ts';
import { openNotifier } from '../channels/notifier.ts';
import { changesChannel as channel, type ChangeCarrier } from './change-carrier.ts';

/** Over `LISTEN` and `NOTIFY` of the control database. */
export function openPostgresCarrier(controlDatabaseUrl: string, logger: Logger): ChangeCarrier {
  const opened = new AsyncDisposableStack();
  const connection = channelConnection(controlDatabaseUrl, 'tenantry:events');
  const notifier = opened.use(openNotifier({ connection, channel, logger }));
  return {
    send: async (messages) => await notifier.publish(messages),
    listen: async (onMessage) => {
      const listening = await keepListening({ connection, channel, onMessage, logger });
      if (opened.disposed) await listening[Symbol.asyncDispose]();
      else opened.use(listening);
    },
    [Symbol.asyncDispose]: async () => await opened.disposeAsync(),
  };
}
