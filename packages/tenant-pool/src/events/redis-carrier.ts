import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@tenantry/service';
import type { Redis } from 'ioredis';
import { subscribeTo } from '../channels/subscribe-to.ts';
import { reportOutages } from '../directory/report-outages.ts';
import { changesChannel as channel, type ChangeCarrier } from './change-carrier.ts';

/** Milliseconds that Redis gets to begin a subscription. */
const listenDeadlineMs = 2000;

/** Over Redis pub/sub. `redis` stays the caller's to close. */
export function openRedisCarrier(redis: Redis, logger: Logger): ChangeCarrier {
  const { promise: subscribed, resolve } = Promise.withResolvers<true>();
  let subscriber: Redis | null = null;
  const subscribe = (onMessage: (message: string | null) => void): Redis => {
    const onFailure = (err: unknown) => logger.warn({ err, channel }, 'there is no subscription to changes, or it fell silent');
    const connection = subscribeTo({
      redis,
      channel,
      onMessage: (message) => {
        onMessage(message);
        resolve(true);
      },
      onFailure,
    });
    reportOutages(connection, logger, 'events');
    return connection;
  };
  return {
    send: async (messages) => {
      const pipeline = redis.pipeline();
      for (const message of messages) pipeline.publish(channel, message);
      for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
    },
    listen: async (onMessage) => {
      // One that cannot be made yet goes on trying: who asks again waits for the same.
      subscriber ??= subscribe(onMessage);
      const isSubscribed = await Promise.race([subscribed, sleep(listenDeadlineMs, false, { ref: false })]);
      if (!isSubscribed) throw new Error('Redis takes no subscription at the moment.');
    },
    [Symbol.asyncDispose]: async () => subscriber?.disconnect(),
  };
}
