import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TenantDb, TenantPool } from '@tenantry/tenant-pool';

/** What the traffic writes to. A mark that is written twice is there twice. */
export const marksTable = 'CREATE TABLE marks (mark text NOT NULL)';

const kinds = ['read', 'write', 'transaction', 'job'] as const;
type Kind = (typeof kinds)[number];

const pauseMs = 2;
const stepsOfJob = 10;
const stepMs = 20;

/** Requests of one tenant, one after the other of each kind and all kinds at once, until they are stopped. */
export class Traffic {
  /** Requests that succeeded. */
  readonly done: Record<Kind, number> = { read: 0, write: 0, transaction: 0, job: 0 };
  readonly failures: unknown[] = [];
  /** Marks that the database said it has. */
  readonly confirmed: string[] = [];
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
      try {
        await using lease = await this.#pool.lease(this.#tenantId, { operation: kind });
        await this.#request(kind, lease.db);
        this.done[kind] += 1;
      } catch (error) {
        this.failures.push(error);
      }
      await sleep(pauseMs);
    }
  }

  async #request(kind: Kind, db: TenantDb): Promise<void> {
    switch (kind) {
      case 'read':
        await db.team.findMany({ include: { members: true }, take: 3 });
        break;
      case 'write':
        await this.#mark(async (mark) => void (await db.$executeRaw`INSERT INTO marks VALUES (${mark})`));
        break;
      case 'transaction':
        await this.#mark(async (mark) => await transact(db, mark));
        break;
      case 'job':
        // Holds its lease, most of the time without a connection.
        for (let step = 0; step < stepsOfJob; step += 1) {
          await db.team.count();
          await sleep(stepMs);
        }
        break;
    }
  }

  async #mark(write: (mark: string) => Promise<void>): Promise<void> {
    const mark = randomUUID();
    await write(mark);
    this.confirmed.push(mark);
  }
}

async function transact(db: TenantDb, mark: string): Promise<void> {
  await db.$transaction(async (tx) => {
    await tx.$executeRaw`INSERT INTO marks VALUES (${mark})`;
    await sleep(stepMs);
    await tx.team.count();
  });
}
