import { once } from 'node:events';
import { abandonable, silentLogger, type Logger } from '@tenantry/service';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { subscribeTo } from '../channels/subscribe-to.ts';
import type { ClaimsSwap, ClaimStore, StoredClaims } from './claim-store.ts';
import { silenceMs } from './claims.ts';
import type { ShareRegister } from './share-register.ts';
import { sharesOver } from './shares-over.ts';

export interface RedisSharesOptions {
  /** Keeps the claims; a connection of its own is made for the subscription. Stays the caller's to close. */
  redis: Redis;
  /** Tells installations that share one Redis apart; the same in all processes of one. Default `tenantry`. */
  installation?: string;
  /** Default: says nothing. */
  logger?: Logger;
}

/** Opens a register in Redis, which need not be there yet. What Redis forgets at a restart, the processes tell it again. */
export function openRedisShares({ redis, installation = 'tenantry', logger = silentLogger }: RedisSharesOptions): ShareRegister {
  return sharesOver(new RedisClaims(redis, installation), logger);
}

/** Milliseconds that Redis gets to answer. */
const answerDeadlineMs = 1000;
/** Milliseconds that claims are kept after the last turn: longer than anybody who took it counts as alive. */
const retentionMs = 86_400_000;

const signOf = 'sign:';

// A cluster is a hash, so that signs are not remembered without claims, nor claims without signs.
const hearMember = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = tonumber(redis.call('HGET', KEYS[1], 'lastSign'))
local hasSigns = redis.call('HLEN', KEYS[1]) - redis.call('HEXISTS', KEYS[1], 'claims') > 2
if not last or hasSigns and math.abs(now - last) > tonumber(ARGV[2]) then redis.call('HSET', KEYS[1], 'since', now) end
redis.call('HSET', KEYS[1], 'lastSign', now, '${signOf}' .. ARGV[1], now)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return redis.call('HGETALL', KEYS[1])`;

const swapClaims = `
if (redis.call('HGET', KEYS[1], 'claims') or '') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'claims', ARGV[2])
for i = 5, #ARGV do redis.call('HDEL', KEYS[1], '${signOf}' .. ARGV[i]) end
if ARGV[3] ~= '' then redis.call('PUBLISH', ARGV[3], ARGV[4]) end
return 1`;

const hashReply = z.array(z.string());

class RedisClaims implements ClaimStore {
  // A restarted Redis may be an empty one.
  readonly isDurable = false;
  readonly #redis: Redis;
  #subscriber: Redis | null = null;
  readonly #prefix: string;

  constructor(redis: Redis, installation: string) {
    this.#redis = redis;
    this.#prefix = `shares:${installation}`;
  }

  async hear(cluster: string, member: string): Promise<StoredClaims> {
    const heard = () => this.#redis.eval(hearMember, 1, this.#key(cluster), member, silenceMs, retentionMs);
    return parseHash(hashReply.parse(await this.#ask(heard)));
  }

  async swap(cluster: string, { from, to, gone, isNews }: ClaimsSwap): Promise<boolean> {
    const channel = isNews ? this.#prefix : '';
    const swapped = () => this.#redis.eval(swapClaims, 1, this.#key(cluster), from ?? '', to, channel, cluster, ...gone);
    return (await this.#ask(swapped)) === 1;
  }

  onNews(listener: (cluster: string | null) => void): void {
    // Turns notice as well that Redis is away, and say so.
    this.#subscriber = subscribeTo({ redis: this.#redis, channel: this.#prefix, onMessage: listener, onFailure: () => {} });
    this.#subscriber.on('error', () => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#subscriber?.disconnect();
  }

  #key(cluster: string): string {
    return `${this.#prefix}:${cluster}`;
  }

  async #ask(command: () => Promise<unknown>): Promise<unknown> {
    const signal = AbortSignal.timeout(answerDeadlineMs);
    // Nothing is left in the client's own queue, to be carried out when nobody waits for it any more.
    if (/^(?:connect|reconnect|close)/.test(this.#redis.status)) await once(this.#redis, 'ready', { signal });
    return await abandonable(command(), signal);
  }
}

/** @param reply fields and values in turn */
function parseHash(reply: readonly string[]): StoredClaims {
  const fields = new Map<string, string>();
  for (let index = 0; index < reply.length; index += 2) fields.set(reply[index] ?? '', reply[index + 1] ?? '');
  const signs = [...fields].filter(([field]) => field.startsWith(signOf));
  const heardAt = Object.fromEntries(signs.map(([field, at]) => [field.slice(signOf.length), Number(at)]));
  return {
    claims: fields.get('claims') ?? null,
    pulse: { now: Number(fields.get('lastSign')), since: Number(fields.get('since')), heardAt },
  };
}
