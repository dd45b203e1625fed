import type { Logger } from '@tenantry/service';
import type { Redis } from 'ioredis';

/** Logs the beginning and the end of each time without Redis, once: the client itself reports every attempt to reconnect. */
export function reportOutages(redis: Redis, logger: Logger, purpose: string): void {
  let isDown = false;
  redis.on('error', (err) => {
    if (!isDown) logger.warn({ err, purpose }, 'Redis does not answer: slower until it does');
    isDown = true;
  });
  redis.on('ready', () => {
    if (isDown) logger.info({ purpose }, 'Redis answers again');
    isDown = false;
  });
}
