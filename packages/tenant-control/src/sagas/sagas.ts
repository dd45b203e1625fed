import type { Prisma, PrismaClient, SagaKind } from '@tenantry/prisma/control';
import type { Logger } from '@tenantry/service';
import pLimit from 'p-limit';
import { ClaimedSaga, type SagaRequest } from './claimed-saga.ts';
import { runSaga } from './run-saga.ts';
import type { ReachFaultPoint, SagaDefinition } from './saga.ts';

export interface SagasOptions {
  db: PrismaClient;
  logger: Logger;
  /** Milliseconds without a sign of life after which a saga is taken over. Default 15000. */
  leaseMs?: number | undefined;
  reachFaultPoint?: ReachFaultPoint | undefined;
}

const defaultLeaseMs = 15_000;

/** Sagas that one process takes up at the same time, of those that others have left. */
const resumedAtOnce = 4;

/** Sagas looked at in one go, the oldest first. */
const batch = 100;

/** All sagas of an installation, as one process begins and runs them. */
export class Sagas {
  readonly #options: SagasOptions & { leaseMs: number };
  readonly #runs = new Map<SagaKind, (saga: ClaimedSaga) => Promise<void>>();

  constructor({ leaseMs = defaultLeaseMs, ...options }: SagasOptions) {
    this.#options = { ...options, leaseMs };
  }

  /** Makes a kind of saga known: from now on those that were left can be taken up. */
  define<Context extends AsyncDisposable>(definition: SagaDefinition<Context>): void {
    this.#runs.set(definition.kind, async (saga) => await runSaga(saga, definition, this.#options));
  }

  /** Stores a saga that `work` tells of, together with what `work` changes; it is to be {@link run} at once. */
  async begin(work: (tx: Prisma.TransactionClient) => Promise<SagaRequest>): Promise<ClaimedSaga> {
    return await ClaimedSaga.begin(this.#options, work);
  }

  /**
   * Runs a saga to its end.
   *
   * @throws {SagaError} when a step failed
   * @throws {SagaLostError} when another process took it over
   */
  async run(claimed: ClaimedSaga): Promise<void> {
    using saga = claimed;
    const run = this.#runs.get(saga.kind);
    if (!run) throw new Error(`This version knows no sagas of the kind ${saga.kind}.`);
    await run(saga);
  }

  /**
   * Takes up a saga that nobody runs any more.
   *
   * @param early also when it is not yet to be tried again
   * @returns false when it has ended, somebody runs it, or it is not yet to be tried again
   * @throws as {@link run}
   */
  async resume(id: string, { early = false }: { early?: boolean } = {}): Promise<boolean> {
    const saga = await ClaimedSaga.claim(id, this.#options, early);
    if (saga) await this.run(saga);
    return saga !== null;
  }

  /** Takes up all that nobody runs any more. What fails is logged, and left for the next time. @returns how many were taken up */
  async resumeAll(): Promise<number> {
    const { db, logger } = this.#options;
    const left = await db.$queryRaw<{ id: string }[]>`
      SELECT id FROM sagas WHERE state IN ('RUNNING', 'UNDOING') AND kind = ANY(${[...this.#runs.keys()]}::"SagaKind"[])
        AND (leased_until IS NULL OR leased_until < now()) AND (retry_at IS NULL OR retry_at <= now())
      ORDER BY created_at LIMIT ${batch}`;
    const limit = pLimit(resumedAtOnce);
    const resume = async ({ id }: { id: string }) => {
      try {
        return await this.resume(id);
      } catch (err) {
        logger.warn({ err, saga: id }, 'a saga that was taken up has failed');
        return true;
      }
    };
    const resumed = await Promise.all(left.map(async (saga) => await limit(async () => await resume(saga))));
    return resumed.filter(Boolean).length;
  }
}
