import type { Prisma, PrismaClient, SagaKind } from '@tenantry/prisma/control';
import type { Logger } from '@tenantry/service';
import { ClaimedSaga, type ClaimOptions } from './claimed-saga.ts';
import { SagaLeftError } from './errors.ts';
import { LeftSagas, type LeftSaga } from './left-sagas.ts';
import { runSaga } from './run-saga.ts';
import type { SagaRequest } from './saga-request.ts';
import type { ReachFaultPoint, SagaDefinition } from './saga.ts';

export interface SagasOptions {
  db: PrismaClient;
  logger: Logger;
  /** Milliseconds without a sign of life after which a saga is taken over. Default 15000. */
  leaseMs?: number | undefined;
  /** As {@link ClaimOptions.onChange}. */
  onChange?: ClaimOptions['onChange'];
  reachFaultPoint?: ReachFaultPoint | undefined;
}

const defaultLeaseMs = 15_000;

interface KnownKind {
  run(saga: ClaimedSaga): Promise<void>;
  inTurn<Result>(tenantId: string, work: () => Promise<Result>): Promise<Result>;
}

/** All sagas of an installation, as one process begins and runs them. */
export class Sagas {
  readonly #options: SagasOptions & { leaseMs: number };
  readonly #kinds = new Map<SagaKind, KnownKind>();
  readonly #left: LeftSagas;

  constructor({ leaseMs = defaultLeaseMs, ...options }: SagasOptions) {
    this.#options = { ...options, leaseMs };
    const { db, logger } = options;
    this.#left = new LeftSagas({ db, logger, kinds: () => [...this.#kinds.keys()], resume: async (saga) => await this.#resumeLeft(saga) });
  }

  /** Milliseconds without a sign of life after which a saga is taken over. */
  get leaseMs(): number {
    return this.#options.leaseMs;
  }

  /** Makes a kind of saga known: from now on those that were left can be taken up. */
  define<Context extends AsyncDisposable>(definition: SagaDefinition<Context>): void {
    const open: typeof definition.open = async (saga, middle) => {
      try {
        return await definition.open(saga, middle);
      } catch (error) {
        // Another process may have what this one lacks.
        this.#left.setAside(saga.id);
        await saga
          .release()
          .catch((err: unknown) => this.#options.logger.warn({ err, saga: saga.id }, 'a saga could not be left to others'));
        throw error;
      }
    };
    this.#kinds.set(definition.kind, {
      run: async (saga) => await runSaga(saga, { ...definition, open }, this.#options),
      inTurn: async (tenantId, work) => await (definition.inTurn?.(tenantId, work) ?? work()),
    });
  }

  /** Stores a saga that `work` tells of, together with what `work` changes; it is to be {@link run} at once. */
  async begin(work: (tx: Prisma.TransactionClient) => Promise<SagaRequest>): Promise<ClaimedSaga> {
    return await ClaimedSaga.begin(this.#options, work);
  }

  /** As {@link ClaimedSaga.hold}, with a lease of {@link leaseMs}; it is to be {@link run} at once. */
  hold(request: SagaRequest, done: readonly string[]): ClaimedSaga {
    return ClaimedSaga.hold(request, done, this.#options);
  }

  /**
   * Runs a saga to its end.
   *
   * @throws {SagaError} when a step failed
   * @throws {SagaLostError} when another process took it over
   * @throws {SagaLeftError} when another process has to go on with it
   */
  async run(claimed: ClaimedSaga): Promise<void> {
    using saga = claimed;
    const kind = this.#kinds.get(saga.kind);
    if (!kind) throw new Error(`This version knows no sagas of the kind ${saga.kind}.`);
    await kind.run(saga);
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

  /** As {@link resume}, when there is room for that. */
  async resumeInTurn({ id, kind, tenantId }: LeftSaga): Promise<boolean> {
    return (await this.#kinds.get(kind)?.inTurn(tenantId, async () => await this.resume(id))) ?? false;
  }

  /** Takes up all that nobody runs any more. What fails is logged, and left for the next time. @returns how many were taken up */
  async resumeAll(): Promise<number> {
    const resumed = await Promise.all(await this.#left.takeUp());
    return resumed.filter(Boolean).length;
  }

  /** Does {@link resumeAll} again and again, and does not wait for one that takes long. Disposing of it waits for what is under way. */
  keepResuming(everyMs: number): AsyncDisposable {
    return this.#left.keepTakingUp(everyMs);
  }

  async #resumeLeft(saga: LeftSaga): Promise<boolean> {
    try {
      return await this.resumeInTurn(saga);
    } catch (err) {
      if (!(err instanceof SagaLeftError)) this.#options.logger.warn({ err, saga: saga.id }, 'a saga that was taken up has failed');
      return true;
    }
  }
}
