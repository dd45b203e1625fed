import { randomUUID } from 'node:crypto';
import { abandonable, type Logger } from '@tenantry/service';
import type { Redis } from 'ioredis';
import { placementSchema, type TenantPlacement } from './placement.ts';

export interface SharedPlacementsOptions {
  redis: Redis;
  /** Milliseconds that a placement is kept. */
  ttlMs: number;
  logger: Logger;
}

/** What Redis has on a tenant: its placement, or the right to fill in the one that the source has, or neither. */
export type SharedAnswer = { placement: TenantPlacement } | { fill: (placement: TenantPlacement) => Promise<void> } | null;

/** Milliseconds that a command may take; the answer then comes from the source. */
const commandDeadlineMs = 250;
/** Milliseconds after a failure for which Redis is not asked. */
const restMs = 1000;
/** Milliseconds that a read of the source may take to be filled in. */
const claimMs = 10_000;

const claimPrefix = 'claim:';

/** The value of a key; where there is none, a claim is put there. */
const readOrClaim = `
local value = redis.call('GET', KEYS[1])
if not value then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return value`;

/** Puts a value in the place of one's own claim, if that is still there. */
const fillClaim = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end`;

export function placementKey(tenantId: string): string {
  return `tenant:${tenantId}`;
}

/**
 * Placements that processes share through Redis.
 *
 * A reader that finds nothing leaves a claim, reads the source, and fills in what it found only where its own claim still
 * stands. {@link forget} removes claims as it removes placements. So what was read before an invalidation can never be written
 * after it, however slow the reader is.
 *
 * Every failure is an answer of "unknown": Redis down makes lookups slower, not wrong.
 */
export class SharedPlacements {
  readonly #redis: Redis;
  readonly #ttlMs: number;
  readonly #logger: Logger;
  #restsUntil = 0;
  #distrustedUntil = 0;

  constructor({ redis, ttlMs, logger }: SharedPlacementsOptions) {
    this.#redis = redis;
    this.#ttlMs = ttlMs;
    this.#logger = logger;
  }

  async read(tenantId: string): Promise<SharedAnswer> {
    if (Date.now() < this.#distrustedUntil) return null;
    const key = placementKey(tenantId);
    const claim = `${claimPrefix}${randomUUID()}`;
    const answer = await this.#ask(async () => await this.#redis.eval(readOrClaim, 1, key, claim, claimMs));
    if (answer === undefined) return null;
    if (answer === null) return { fill: async (placement) => await this.#fill(key, claim, placement) };
    const placement = parsePlacement(answer);
    return placement?.tenantId === tenantId ? { placement } : null;
  }

  /** Removes a placement, and the claims of those who are reading it. What cannot be removed is not read either. */
  async forget(tenantId: string): Promise<void> {
    if (!this.#isUp()) return this.distrust();
    const removed = await this.#ask(async () => await this.#redis.del(placementKey(tenantId)));
    if (removed === undefined) this.distrust();
  }

  /**
   * Reads nothing for as long as a placement is kept: any of them may be one that should have been removed.
   */
  distrust(): void {
    this.#distrustedUntil = Date.now() + this.#ttlMs;
  }

  async #fill(key: string, claim: string, placement: TenantPlacement): Promise<void> {
    const value = JSON.stringify(placementSchema.parse(placement));
    await this.#ask(async () => await this.#redis.eval(fillClaim, 1, key, claim, value, this.#ttlMs));
  }

  #isUp(): boolean {
    return this.#redis.status === 'ready' && Date.now() >= this.#restsUntil;
  }

  /** @returns undefined when Redis did not answer */
  async #ask<Reply>(command: () => Promise<Reply>): Promise<Reply | undefined> {
    if (!this.#isUp()) return undefined;
    try {
      return await abandonable(command(), AbortSignal.timeout(commandDeadlineMs));
    } catch (err) {
      this.#restsUntil = Date.now() + restMs;
      this.#logger.warn({ err }, 'the shared directory does not answer');
      return undefined;
    }
  }
}

function parsePlacement(value: unknown): TenantPlacement | null {
  if (typeof value !== 'string' || value.startsWith(claimPrefix)) return null;
  try {
    return placementSchema.parse(JSON.parse(value));
  } catch {
    return null;
  }
}
