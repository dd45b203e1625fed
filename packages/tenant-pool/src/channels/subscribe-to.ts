import type { Redis } from 'ioredis';

export interface SubscriptionOptions {
  /** A connection like this one is made for the subscription. */
  redis: Redis;
  channel: string;
  /** Told each message, and null whenever the subscription has been made: what was published before may have been missed. */
  onMessage: (message: string | null) => void;
  /** Told why there is no subscription, or no answer over its connection; it is tried again. */
  onFailure: (error: unknown) => void;
}

/** Milliseconds between two looks whether the connection still answers. */
const heartbeatMs = 3000;
/** Milliseconds that Redis gets to answer. */
const answerDeadlineMs = 2000;
/** Milliseconds, at most, between two attempts to reconnect. */
const lastRetryMs = 1000;

/**
 * Subscribes to a channel, and again whenever the connection is lost or has fallen silent.
 *
 * @returns the connection; the caller listens for its errors, and disconnects it in the end
 */
export function subscribeTo({ redis, channel, onMessage, onFailure }: SubscriptionOptions): Redis {
  const subscriber = redis.duplicate({
    autoResubscribe: false,
    commandTimeout: answerDeadlineMs,
    maxRetriesPerRequest: null,
    retryStrategy: (attempt: number) => Math.min(attempt * 100, lastRetryMs),
  });
  let isSubscribed = false;
  const subscribe = async () => {
    await subscriber.subscribe(channel);
    isSubscribed = true;
    // Only now: what is published between the connection and the subscription is lost too.
    onMessage(null);
  };
  const check = async () => {
    try {
      await (isSubscribed ? subscriber.ping() : subscribe());
    } catch (error) {
      onFailure(error);
      if (!isRefusal(error) && subscriber.status === 'ready') subscriber.disconnect(true);
    }
  };
  subscriber.on('message', (_channel, message) => onMessage(message));
  subscriber.on('ready', () => {
    isSubscribed = false;
    void check();
  });
  const heartbeat = setInterval(() => {
    if (subscriber.status === 'ready') void check();
  }, heartbeatMs).unref();
  subscriber.on('end', () => clearInterval(heartbeat));
  return subscriber;
}

/** Whether Redis answered, and would again on another connection. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}
