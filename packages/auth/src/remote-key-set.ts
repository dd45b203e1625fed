import { setTimeout as sleep } from 'node:timers/promises';
import { JwksClient, type SigningKey } from 'jwks-rsa';
import { IdentityProviderUnavailableError } from './errors.ts';
import { isSameKey, publicVerificationKey, type VerificationKey } from './verification-key.ts';

export interface KeySetLimits {
  /** Least milliseconds between the starts of two fetches, whatever tokens come. Default 2000. */
  cooldownMs: number;
  /** Milliseconds one fetch may take. Default 5000. */
  timeoutMs: number;
  /** Age in milliseconds from which the set is fetched again in the background. Default 5 minutes. */
  refreshAfterMs: number;
  /** Age in milliseconds from which a key is used only after a fetch, unless the provider is down. Default 10 minutes. */
  staleAfterMs: number;
  /** Age in milliseconds from which no key is used, even if the provider is down. Default 24 hours. */
  discardAfterMs: number;
}

const minuteMs = 60_000;

const defaultLimits: KeySetLimits = {
  cooldownMs: 2000,
  timeoutMs: 5000,
  refreshAfterMs: 5 * minuteMs,
  staleAfterMs: 10 * minuteMs,
  discardAfterMs: 24 * 60 * minuteMs,
};

/**
 * An issuer's JSON Web Key Set, kept in memory.
 *
 * A key that the set does not hold makes it fetch again, at most once per cooldown, for all callers together. Callers that come
 * within the cooldown wait for the next fetch instead of being refused: whoever sends made-up key ids can neither hammer the
 * provider nor make the key of a fresh rotation look unknown.
 */
export class RemoteKeySet {
  readonly #limits: KeySetLimits;
  readonly #client: JwksClient;
  #keys: ReadonlyMap<string, VerificationKey> = new Map();
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #lastStartAt = Number.NEGATIVE_INFINITY;
  #failedAt = Number.NEGATIVE_INFINITY;
  /** The fetch that has started. */
  #running: Promise<void> | null = null;
  /** The fetch that has yet to start: it will see whatever is published by now. */
  #upcoming: Promise<void> | null = null;

  constructor(jwksUri: string, limits: Partial<KeySetLimits> = {}) {
    this.#limits = { ...defaultLimits, ...limits };
    const fetcher = async (uri: string) => await fetchJson(uri, this.#limits.timeoutMs);
    // Its own cache and rate limit are per key id and refuse callers; ours are per set and do not.
    this.#client = new JwksClient({ jwksUri, fetcher, cache: false, rateLimit: false });
  }

  /**
   * The key with this id, the same object for as long as the provider publishes the same key; null when it has published no such key.
   *
   * @throws {IdentityProviderUnavailableError} when the key is not held and the set cannot be fetched
   */
  async find(keyId: string): Promise<VerificationKey | null> {
    const held = this.#lookUp(keyId);
    if (!held) return await this.#fetchAndFind(keyId);
    const age = performance.now() - this.#fetchedAt;
    if (age < this.#limits.refreshAfterMs) return held;

    const refreshed = this.#refresh();
    if (age < this.#limits.staleAfterMs || this.#isProviderDown()) return held;
    await refreshed;
    return this.#lookUp(keyId);
  }

  /** What {@link find} would give, where it is held and no fetch is due; else null. */
  findFresh(keyId: string): VerificationKey | null {
    return performance.now() - this.#fetchedAt < this.#limits.refreshAfterMs ? (this.#keys.get(keyId) ?? null) : null;
  }

  /** Whether waiting for the provider is likely to be in vain. */
  #isProviderDown(): boolean {
    return performance.now() - this.#failedAt < this.#limits.refreshAfterMs;
  }

  /** A key that is published unchanged stays the same object, by which its users know that it is still good. */
  #sameOrFresh(published: SigningKey): VerificationKey {
    const held = this.#keys.get(published.kid);
    const fresh = publicVerificationKey(published.getPublicKey(), published.alg);
    return held && isSameKey(held, fresh) ? held : fresh;
  }

  #lookUp(keyId: string): VerificationKey | null {
    const isDiscarded = performance.now() - this.#fetchedAt >= this.#limits.discardAfterMs;
    return isDiscarded ? null : (this.#keys.get(keyId) ?? null);
  }

  async #fetchAndFind(keyId: string): Promise<VerificationKey | null> {
    await this.#running?.catch(() => {});
    const found = this.#lookUp(keyId);
    if (found) return found;
    // A fetch that was under way when the caller came may have been answered before the key was published.
    await this.#nextFetch();
    return this.#lookUp(keyId);
  }

  /** Never rejects: the keys held are good until they are discarded. */
  async #refresh(): Promise<void> {
    await (this.#running ?? this.#nextFetch()).catch(() => {});
  }

  /** A fetch that starts after this call. */
  async #nextFetch(): Promise<void> {
    this.#upcoming ??= this.#fetchWhenDue();
    await this.#upcoming;
  }

  async #fetchWhenDue(): Promise<void> {
    await this.#running?.catch(() => {});
    const pauseMs = this.#lastStartAt + this.#limits.cooldownMs - performance.now();
    if (pauseMs > 0) await sleep(pauseMs);
    // No await in between: a caller finds this fetch either still to come or started.
    this.#upcoming = null;
    this.#running = this.#fetch();
    await this.#running;
  }

  async #fetch(): Promise<void> {
    const startedAt = performance.now();
    this.#lastStartAt = startedAt;
    try {
      const published = await this.#client.getSigningKeys();
      this.#keys = new Map(published.map((key) => [key.kid, this.#sameOrFresh(key)]));
      this.#fetchedAt = startedAt;
      this.#failedAt = Number.NEGATIVE_INFINITY;
    } catch (cause) {
      this.#failedAt = performance.now();
      const message = 'The token cannot be checked now: the keys of its issuer cannot be fetched. Try again shortly.';
      throw new IdentityProviderUnavailableError(message, { cause, retryAfterMs: this.#limits.cooldownMs });
    } finally {
      this.#running = null;
    }
  }
}

/** A redirect is refused: keys come from the configured place or not at all. */
async function fetchJson(uri: string, timeoutMs: number): Promise<{ keys: unknown }> {
  const response = await fetch(uri, {
    headers: { accept: 'application/jwk-set+json, application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`${uri} answered with status ${response.status}`);
  }
  const body: unknown = await response.json();
  if (typeof body !== 'object' || body === null || !('keys' in body) || !Array.isArray(body.keys)) {
    throw new Error(`${uri} does not answer with a JSON Web Key Set`);
  }
  return { keys: body.keys };
}
