import { randomUUID } from 'node:crypto';
import { vi } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import { LeaseRevokedError, TenantBusyError, TenantUnavailableError } from '../errors.ts';
import type { TenantDb } from '../lease.ts';

/** Creates what the traffic writes to. A mark has no key, so that one written twice is there twice. */
export const marksTable = 'CREATE TABLE marks (mark text NOT NULL); GRANT ALL ON marks TO PUBLIC';

/** Operations by what they do: each stands for one that a request or a job might do. */
export const kinds = ['read', 'write', 'transaction'] as const;

export type Kind = (typeof kinds)[number];

/** A mark that was sent to the database, and whether its sender was told that it is there. */
interface Sent {
  readonly mark: string;
  readonly isConfirmed: boolean;
}

/** What a transaction adds to its mark: all are there, or none is. */
const parts = ['first', 'second'];

const recovery = { timeout: 20_000, interval: 20 };

/** One tenant's traffic, and what became of it. */
export class TenantTraffic {
  readonly tenant: TenantPlacement;
  /** Operations that succeeded. */
  readonly done: Record<Kind, number> = { read: 0, write: 0, transaction: 0 };
  /** Errors by what they are to the caller; of each, the first one. */
  readonly failures = new Map<string, unknown>();
  readonly #written: Sent[] = [];
  readonly #transacted: Sent[] = [];

  constructor(tenant: TenantPlacement) {
    this.tenant = tenant;
  }

  async perform(db: TenantDb, kind: Kind): Promise<void> {
    switch (kind) {
      case 'read':
        await db.team.findMany({ include: { members: true }, take: 3 });
        break;
      case 'write':
        await noted(this.#written, async (mark) => await db.$executeRaw`INSERT INTO marks VALUES (${mark})`);
        break;
      case 'transaction':
        await noted(this.#transacted, async (mark) => await transact(db, mark));
        break;
    }
    this.done[kind] += 1;
  }

  note(error: unknown): void {
    const meaning = meaningOf(error);
    if (!this.failures.has(meaning)) this.failures.set(meaning, error);
  }

  /** Waits until all kinds of operations succeed again. */
  async flows(): Promise<void> {
    const before = { ...this.done };
    await vi.waitFor(() => {
      const failing = kinds.filter((kind) => this.done[kind] <= before[kind]);
      if (failing.length > 0) throw new Error(`${this.tenant.database}: no ${failing.join(', no ')} succeeds: ${this.#errors()}`);
    }, recovery);
  }

  /** Waits until an operation has failed so. */
  async meets(failure: string): Promise<void> {
    await vi.waitFor(() => {
      if (!this.failures.has(failure)) throw new Error(`${this.tenant.database}: ${failure} was not met, but ${this.#errors()}`);
    }, recovery);
  }

  /** Has what was written so far not be looked for: its database is gone. */
  forgetWritten(): void {
    this.#written.length = 0;
    this.#transacted.length = 0;
  }

  /** Errors that are none of `allowed`. */
  wrongErrors(allowed: readonly string[]): string[] {
    const wrong = [...this.failures].filter(([meaning]) => !allowed.includes(meaning));
    return wrong.map(([meaning, error]) => `${this.tenant.database}: ${meaning}: ${String(error)}`);
  }

  /** Marks that were confirmed and are not there, are there twice, or in part. @param found all that are in the database */
  wrongMarks(found: readonly string[]): string[] {
    const times = Map.groupBy(found, (mark) => mark);
    const timesOf = (mark: string) => times.get(mark)?.length ?? 0;
    const written = this.#written.filter(({ mark, isConfirmed }) => timesOf(mark) > 1 || (isConfirmed && timesOf(mark) === 0));
    const transacted = this.#transacted.filter(({ mark, isConfirmed }) => {
      const seen = new Set(parts.map((part) => timesOf(partOf(mark, part))));
      return seen.size > 1 || !(seen.has(1) || (!isConfirmed && seen.has(0)));
    });
    return [...written, ...transacted].map(({ mark, isConfirmed }) => `${this.tenant.database}: ${mark}, confirmed: ${isConfirmed}`);
  }

  #errors(): string {
    return [...this.failures.keys()].join(', ') || 'nothing';
  }
}

async function transact(db: TenantDb, mark: string): Promise<void> {
  await db.$transaction(async (tx) => {
    for (const part of parts) {
      await tx.$executeRaw`INSERT INTO marks VALUES (${partOf(mark, part)})`;
      await tx.team.count();
    }
  });
}

const partOf = (mark: string, part: string) => `${mark} ${part}`;

async function noted(sent: Sent[], send: (mark: string) => Promise<unknown>): Promise<void> {
  const mark = randomUUID();
  let isConfirmed = false;
  try {
    await send(mark);
    isConfirmed = true;
  } finally {
    sent.push({ mark, isConfirmed });
  }
}

/** What an error is to a caller: its code, if that is one of the pool's; an SQLSTATE; else what must not reach anybody. */
function meaningOf(error: unknown): string {
  if (error instanceof LeaseRevokedError) return 'revoked';
  if (error instanceof TenantUnavailableError || error instanceof TenantBusyError) {
    return error.retryAfterMs !== undefined && error.retryAfterMs > 0 ? error.code : `${error.code} without retryAfterMs`;
  }
  const state = /"originalCode":"(\w{5})"/.exec(JSON.stringify(error))?.[1];
  return state === undefined ? "neither typed nor SQL's" : `SQL ${state}`;
}
