import type { Logger } from '@tenantry/service';
import { Redis } from 'ioredis';
import { openPostgresShares } from '../postgres-shares.ts';
import { openRedisShares } from '../redis-shares.ts';
import type { ShareRegister } from '../share-register.ts';

/** Opens the register that a URL names: the control database of that name, or the installation that a Redis URL has as its fragment. */
export function openRegister(url: string, logger: Logger): ShareRegister {
  const { protocol, hash } = new URL(url);
  if (protocol !== 'redis:') return openPostgresShares({ controlDatabaseUrl: url, logger });
  const installation = hash.slice(1);
  const redis = new Redis(url.replace(hash, ''), { connectionName: installation });
  redis.on('error', () => {});
  const register = openRedisShares({ redis, installation, logger });
  return {
    join: async (cluster, total, onShare) => await register.join(cluster, total, onShare),
    [Symbol.asyncDispose]: async () => {
      await register[Symbol.asyncDispose]();
      redis.disconnect();
    },
  };
}
