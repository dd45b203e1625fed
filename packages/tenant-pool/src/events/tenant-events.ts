import { canonicalUuid, type Logger } from '@tenantry/service';
import type { Redis } from 'ioredis';
import { TenantUnavailableError } from '../errors.ts';
import type { ChangeCarrier } from './change-carrier.ts';
import { PendingChanges, type ChangeFeed } from './change-feed.ts';
import { Outbox } from './outbox.ts';
import { openPostgresCarrier } from './postgres-carrier.ts';
import { openRedisCarrier } from './redis-carrier.ts';
import { changeOf, messageOf, type TenantChange } from './tenant-change.ts';

export interface TenantEventsOptions {
  /** Of a direct connection: `LISTEN` does not pass through a pooler in transaction mode. Used where there is no Redis. */
  controlDatabaseUrl: string;
  /** Carries the changes, if there is one. Stays the caller's to close. */
  redis?: Redis | null;
  logger: Logger;
}

/** One kind of thing of one tenant. */
export type ChangeScope = Pick<TenantChange, 'tenantId' | 'topic'>;

/**
 * Tells the processes of an installation what of a tenant's has changed, so that those who follow it can read it again. Changes carry
 * ids and nothing else.
 */
export interface TenantEvents extends AsyncDisposable {
  /**
   * Says that something has changed. To be called after the change is committed. Nobody waits for it: it is sent again until it was sent, or
   * the process stops.
   *
   * @throws when a part of the change is too long, or the tenant's id is none
   */
  announce(change: TenantChange): void;
  /**
   * Follows one kind of thing of one tenant: what is announced after the promise resolves, by whatever process, is in the feed. The process
   * holds one connection for all feeds, from the first one on. The feed is closed when `signal` aborts.
   *
   * @throws {TenantUnavailableError} when changes cannot be heard of now
   */
  follow(scope: ChangeScope, signal?: AbortSignal): Promise<ChangeFeed>;
}

export function openTenantEvents({ controlDatabaseUrl, redis, logger }: TenantEventsOptions): TenantEvents {
  return new CarriedEvents(redis ? openRedisCarrier(redis, logger) : openPostgresCarrier(controlDatabaseUrl, logger), logger);
}

class CarriedEvents implements TenantEvents {
  readonly #carrier: ChangeCarrier;
  readonly #outbox: Outbox;
  /** By tenant and topic: nobody hears of another tenant's. */
  readonly #feeds = new Map<string, Set<PendingChanges>>();
  #listening: Promise<void> | null = null;

  constructor(carrier: ChangeCarrier, logger: Logger) {
    this.#carrier = carrier;
    this.#outbox = new Outbox({ send: async (messages) => await carrier.send(messages), logger });
  }

  announce(change: TenantChange): void {
    this.#outbox.add(messageOf(change));
  }

  async follow({ tenantId, topic }: ChangeScope, signal?: AbortSignal): Promise<ChangeFeed> {
    await (this.#listening ??= this.#listen());
    signal?.throwIfAborted();
    const key = keyOf({ tenantId: canonicalUuid(tenantId) ?? tenantId, topic });
    const feed = new PendingChanges(() => this.#remove(key, feed));
    const known = this.#feeds.get(key);
    if (known) known.add(feed);
    else this.#feeds.set(key, new Set([feed]));
    signal?.addEventListener('abort', () => feed[Symbol.dispose](), { once: true });
    return feed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#outbox[Symbol.asyncDispose]();
    await this.#carrier[Symbol.asyncDispose]();
  }

  async #listen(): Promise<void> {
    try {
      await this.#carrier.listen((message) => this.#onMessage(message));
    } catch (cause) {
      this.#listening = null;
      throw new TenantUnavailableError('Changes cannot be followed at the moment.', { cause });
    }
  }

  #onMessage(message: string | null): void {
    const change = message === null ? null : changeOf(message);
    const told = change ? [this.#feeds.get(keyOf(change)) ?? []] : this.#feeds.values();
    for (const feeds of told) for (const feed of feeds) feed.tell(change?.id ?? null);
  }

  #remove(key: string, feed: PendingChanges): void {
    const feeds = this.#feeds.get(key);
    feeds?.delete(feed);
    if (feeds?.size === 0) this.#feeds.delete(key);
  }
}

function keyOf({ tenantId, topic }: ChangeScope): string {
  return `${tenantId} ${topic}`;
}
