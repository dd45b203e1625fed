import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TenantDb, TenantPool } from '@tenantry/tenant-pool';

const kinds = ['read', 'write', 'transaction', 'several'] as const;
type Kind = (typeof kinds)[number];

const pauseMs = 15;
const stepMs = 15;

/** Requests of one tenant, one after the other of each kind and all kinds at once, until they are stopped. They write to `teams`. */
export class MoveTraffic {
  /** Requests that succeeded. */
  readonly done: Record<Kind, number> = { read: 0, write: 0, transaction: 0, several: 0 };
  readonly failures: unknown[] = [];
  /** Names of teams that the database said it has. */
  readonly confirmed: string[] = [];
  /** Milliseconds that the slowest request took. */
  longestMs = 0;
  readonly #pool: TenantPool;
  readonly #tenantId: string;
  readonly #stopping = new AbortController();
  readonly #workers: Promise<void>[];

  constructor(pool: TenantPool, tenantId: string) {
    this.#pool = pool;
    this.#tenantId = tenantId;
    this.#workers = kinds.map(async (kind) => await this.#keep(kind));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#workers);
  }

  async #keep(kind: Kind): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const start = performance.now();
      try {
        await using lease = await this.#pool.lease(this.#tenantId, { operation: kind });
        await this.#request(kind, lease.db);
        this.done[kind] += 1;
      } catch (error) {
        this.failures.push(error);
      }
      this.longestMs = Math.max(this.longestMs, performance.now() - start);
      await sleep(pauseMs);
    }
  }

  async #request(kind: Kind, db: TenantDb): Promise<void> {
    const name = randomUUID();
    switch (kind) {
      case 'read':
        await db.team.findMany({ include: { members: true }, take: 3 });
        return;
      case 'write':
        await db.team.create({ data: { name } });
        break;
      case 'transaction':
        await db.$transaction(async (tx) => {
          await tx.team.create({ data: { name } });
          await sleep(stepMs);
          await tx.team.count();
        });
        break;
      case 'several':
        // Holds its lease between them.
        await db.team.create({ data: { name } });
        this.confirmed.push(name);
        await sleep(stepMs);
        await db.team.count();
        return;
    }
    this.confirmed.push(name);
  }
}
