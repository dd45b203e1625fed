import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger, type Logger } from '@tenantry/service';
import type { Redis } from 'ioredis';
import { subscribeTo } from '../channels/subscribe-to.ts';
import { InvalidationListeners, invalidationChannel, type InvalidationBus } from './invalidation-bus.ts';
import { reportOutages } from './report-outages.ts';
import { placementKey } from './shared-placements.ts';

export interface RedisBusOptions {
  /** Publishes; a connection of its own is made for the subscription. Stays the caller's to close. */
  redis: Redis;
  /** Default: says nothing. */
  logger?: Logger;
}

/** Milliseconds that opening waits for the subscription. Without Redis the service starts too: slower, never wrong. */
const openDeadlineMs = 2000;

/**
 * Opens a bus over Redis pub/sub. Publishing also drops the placement that processes share in Redis. Whenever the subscription
 * is made anew, listeners get null.
 */
export async function openRedisBus({ redis, logger = silentLogger }: RedisBusOptions): Promise<InvalidationBus & AsyncDisposable> {
  const listeners = new InvalidationListeners();
  const { promise: subscribed, resolve } = Promise.withResolvers<void>();
  const subscriber = subscribeTo({
    redis,
    channel: invalidationChannel,
    onMessage: (tenantId) => {
      listeners.tell(tenantId);
      resolve();
    },
    onFailure: (err) => logger.warn({ err }, 'the bus could not subscribe, or heard nothing any more'),
  });
  reportOutages(subscriber, logger, 'invalidation');
  await Promise.race([subscribed, sleep(openDeadlineMs, undefined, { ref: false })]);

  return {
    publish: async (tenantId) => {
      try {
        const replies = await redis.multi().del(placementKey(tenantId)).publish(invalidationChannel, tenantId).exec();
        for (const [error] of replies ?? []) if (error) throw error;
      } finally {
        // Whether or not Redis answers: this process must not go on with what it knows to be outdated.
        listeners.tell(tenantId);
      }
    },
    subscribe: (listener) => listeners.add(listener),
    [Symbol.asyncDispose]: async () => subscriber.disconnect(),
  };
}
