import type { PrismaClient, SagaKind } from '@tenantry/prisma/control';
import type { Logger } from '@tenantry/service';
import pLimit from 'p-limit';
import { repeat } from '../repeat.ts';

/** A saga that was begun and that nobody runs any more, or yet. */
export interface LeftSaga {
  readonly id: string;
  readonly kind: SagaKind;
  readonly tenantId: string;
}

export interface LeftSagasOptions {
  readonly db: PrismaClient;
  readonly logger: Logger;
  /** Those that this version knows. */
  readonly kinds: () => readonly SagaKind[];
  /** Takes one up; never rejects. @returns false when there was no need to */
  readonly resume: (saga: LeftSaga) => Promise<boolean>;
}

/** Sagas that one process takes up at the same time. */
const resumedAtOnce = 4;

/** Sagas looked at in one go, the oldest first. */
const batch = 100;

/** Milliseconds for which a saga that this process cannot run is left to others. */
const asideMs = 60_000;

/** The sagas that others have left, as one process takes them up. */
export class LeftSagas {
  readonly #options: LeftSagasOptions;
  readonly #turns = pLimit(resumedAtOnce);
  /** By id: what is being taken up, or waits for its turn. */
  readonly #resuming = new Map<string, Promise<boolean>>();
  /** By id: until when not to look at a saga, by the monotonic clock. */
  readonly #aside = new Map<string, number>();
  #isStopping = false;

  constructor(options: LeftSagasOptions) {
    this.#options = options;
  }

  /** Leaves a saga to other processes for a while. */
  setAside(id: string): void {
    this.#aside.set(id, performance.now() + asideMs);
  }

  /** @returns for each saga that was left, whether it was taken up, once that has ended */
  async takeUp(): Promise<Promise<boolean>[]> {
    const left = await this.#find();
    return left.map((saga) => {
      const { id } = saga;
      const resume = async () => (this.#isStopping ? false : await this.#options.resume(saga));
      const resuming = this.#resuming.get(id) ?? this.#turns(resume).finally(() => this.#resuming.delete(id));
      this.#resuming.set(id, resuming);
      return resuming;
    });
  }

  /** Does {@link takeUp} again and again, and does not wait for one that takes long. Disposing of it waits for what is under way. */
  keepTakingUp(everyMs: number): AsyncDisposable {
    const looking = repeat(async () => void (await this.takeUp()), { everyMs, logger: this.#options.logger });
    return {
      [Symbol.asyncDispose]: async () => {
        this.#isStopping = true;
        await looking[Symbol.asyncDispose]();
        await Promise.all(this.#resuming.values());
      },
    };
  }

  async #find(): Promise<LeftSaga[]> {
    for (const [id, until] of this.#aside) if (until <= performance.now()) this.#aside.delete(id);
    return await this.#options.db.$queryRaw<LeftSaga[]>`
      SELECT id, kind, tenant_id AS "tenantId" FROM sagas
      WHERE state IN ('RUNNING', 'UNDOING') AND kind = ANY(${[...this.#options.kinds()]}::"SagaKind"[])
        AND (leased_until IS NULL OR leased_until < now()) AND (retry_at IS NULL OR retry_at <= now())
        AND NOT id = ANY(${[...this.#aside.keys()]}::uuid[])
      ORDER BY created_at LIMIT ${batch}`;
  }
}
