import { Prisma, type PrismaClient, type SagaKind, type SagaState } from '@tenantry/prisma/control';
import type { Logger } from '@tenantry/service';
import { writeAudit } from '../catalog/audit.ts';
import type { Actor } from '../tenant.ts';
import { SagaLostError } from './errors.ts';
import { firstFence, storeLeased, type SagaRequest } from './saga-request.ts';
import { doneSteps, readSteps, writingSteps, type BegunSteps, type StepReport } from './saga-steps.ts';

export interface ClaimOptions {
  db: PrismaClient;
  logger: Logger;
  /** Milliseconds without a sign of life after which somebody else takes the saga over. */
  leaseMs: number;
  /** Told of a saga after each change to what operators see of it was committed. It must not throw. */
  onChange?: ((saga: Pick<ClaimedSaga, 'id' | 'tenantId'>) => void) | undefined;
}

/** The failure of a step, and what the change is called on record. */
export interface SagaFailure {
  readonly action: string;
  readonly step: string;
  readonly error: string;
}

interface ClaimedRow {
  kind: SagaKind;
  tenantId: string;
  state: SagaState;
  input: Prisma.JsonValue;
  data: Prisma.JsonObject;
  issuer: string;
  subject: string;
  requestId: string;
  origin: string | null;
  fence: number;
}

/** Signs of life within one lease. */
const signsPerLease = 3;

/**
 * Has the statement that it stands in not wait for the disk. For what may be lost with the control database's last moment: steps look
 * before they act, so that one which is run again finds its work done.
 */
const withoutWaitingForDisk = Prisma.sql`set_config('synchronous_commit', 'off', true) = 'off'`;

/**
 * A saga that this process runs, and no other: whoever took it over later has a higher fence, and everything that is written here is
 * written only while the fence is the highest. Says that it is alive until it is disposed of.
 */
export class ClaimedSaga implements Disposable {
  readonly id: string;
  readonly kind: SagaKind;
  readonly tenantId: string;
  readonly input: Prisma.JsonValue;
  readonly actor: Actor;
  /** How often the saga was taken up, this time included. */
  readonly attempt: number;
  readonly #db: PrismaClient;
  readonly #onChange: ClaimOptions['onChange'];
  readonly #row: ClaimedRow;
  /** What is stored of the steps; null when that has to be looked up. */
  #begunSteps: BegunSteps | null;
  readonly #lost = new AbortController();
  readonly #signs: NodeJS.Timeout;

  private constructor(id: string, row: ClaimedRow, { db, logger, leaseMs, onChange }: ClaimOptions, begunSteps: BegunSteps | null = null) {
    this.id = id;
    this.kind = row.kind;
    this.tenantId = row.tenantId;
    this.input = row.input;
    this.actor = { issuer: row.issuer, subject: row.subject, requestId: row.requestId, origin: row.origin };
    this.attempt = row.fence;
    this.#db = db;
    this.#onChange = onChange;
    this.#row = row;
    this.#begunSteps = begunSteps;
    this.#signs = setInterval(() => {
      this.extend(leaseMs).catch((err: unknown) => logger.warn({ err, saga: id }, 'a saga could not say that it is alive'));
    }, leaseMs / signsPerLease).unref();
  }

  /** Begins a saga that `work` tells of, in the same transaction as the change by which others know of it. */
  static async begin(options: ClaimOptions, work: (tx: Prisma.TransactionClient) => Promise<SagaRequest>): Promise<ClaimedSaga> {
    const begun = await options.db.$transaction(async (tx) => {
      const request = await work(tx);
      await storeLeased(tx, request, options.leaseMs);
      return request;
    });
    return ClaimedSaga.hold(begun, [], options);
  }

  /**
   * Holds a saga that a statement of the caller's has just stored: RUNNING, with the {@link firstFence} and a lease of `leaseMs`.
   *
   * @param done names of the first steps, which that statement has stored as DONE
   */
  static hold(request: SagaRequest, done: readonly string[], options: ClaimOptions): ClaimedSaga {
    const { id, kind, tenantId, input, actor } = request;
    const row: ClaimedRow = { kind, tenantId, state: 'RUNNING', input, data: {}, origin: null, ...actor, fence: firstFence };
    return new ClaimedSaga(id, row, options, doneSteps(done));
  }

  /**
   * @param early also when it is not yet to be tried again
   * @returns null when it has ended, somebody else runs it, or it is not yet to be tried again
   */
  static async claim(id: string, options: ClaimOptions, early = false): Promise<ClaimedSaga | null> {
    const [row] = await options.db.$queryRaw<ClaimedRow[]>`
      UPDATE sagas SET fence = fence + 1, leased_until = now() + ${options.leaseMs} * interval '1 ms', retry_at = NULL
      WHERE id = ${id}::uuid AND state IN ('RUNNING', 'UNDOING')
        AND (leased_until IS NULL OR leased_until < now()) AND (${early} OR retry_at IS NULL OR retry_at <= now())
      RETURNING kind, tenant_id AS "tenantId", state, input, data, issuer, subject, request_id AS "requestId", origin, fence`;
    return row ? new ClaimedSaga(id, row, options) : null;
  }

  get state(): SagaState {
    return this.#row.state;
  }

  /** What earlier steps have found out or made. */
  get data(): Readonly<Prisma.JsonObject> {
    return this.#row.data;
  }

  /** Aborted when somebody else has taken the saga over. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /**
   * A query of one row, of no columns, while nobody else has taken the saga over, and of none after: a statement that changes what it is
   * joined with is fenced. Locks the saga, so that nobody takes it over before the change is made.
   */
  get held(): Prisma.Sql {
    return Prisma.sql`SELECT FROM sagas WHERE id = ${this.id}::uuid AND fence = ${this.#row.fence} FOR NO KEY UPDATE`;
  }

  /** @throws {SagaLostError} when somebody else has taken the saga over */
  async assertHeld(): Promise<void> {
    const held = await this.#db.saga.count({ where: { id: this.id, fence: this.#row.fence } });
    if (held === 0) this.#lose();
  }

  /**
   * A change to the control database that nobody makes who has lost the saga.
   *
   * @throws {SagaLostError}
   */
  async commit<Result>(work: (tx: Prisma.TransactionClient) => Promise<Result>): Promise<Result> {
    return await this.#db.$transaction(async (tx) => {
      const held = await tx.$queryRaw<unknown[]>`${this.held}`;
      if (held.length === 0) this.#lose();
      return await work(tx);
    });
  }

  /** Keeps what later steps, and whoever takes over, have to know. @throws {SagaLostError} */
  async remember(facts: Prisma.JsonObject): Promise<void> {
    // Added to what is there: a secret among it may have been sealed anew meanwhile.
    await this.#write(Prisma.sql`data = sagas.data || ${JSON.stringify(facts)}::jsonb`);
    this.#row.data = { ...this.#row.data, ...facts };
    this.#onChange?.(this);
  }

  /** What is stored of those steps that were begun. */
  async begunSteps(): Promise<BegunSteps> {
    return this.#begunSteps ?? (await readSteps(this.#db, this.id));
  }

  /** Stores what the states of steps are now. @throws {SagaLostError} */
  async report(...steps: readonly StepReport[]): Promise<void> {
    this.#begunSteps = null;
    const held = Prisma.sql`(SELECT id FROM sagas WHERE id = ${this.id}::uuid AND fence = ${this.#row.fence} AND ${withoutWaitingForDisk})`;
    const count = await this.#db.$executeRaw`${writingSteps(steps, held)}`;
    if (count < steps.length) this.#lose();
    this.#onChange?.(this);
  }

  /** From now on the steps are undone. The first failure of a saga is on record. @throws {SagaLostError} */
  async turnBack(failure: SagaFailure): Promise<void> {
    await this.#fail(failure, Prisma.sql`state = 'UNDOING'`);
    this.#row.state = 'UNDOING';
  }

  /** The saga has ended. @param last what is yet to be told of the steps @throws {SagaLostError} */
  async finish(state: 'DONE' | 'UNDONE', ...last: readonly StepReport[]): Promise<void> {
    const finished = await this.#db.$queryRaw<unknown[]>`
      WITH finished AS (
        UPDATE sagas SET state = ${state}::"SagaState", finished_at = now(), leased_until = NULL
        WHERE id = ${this.id}::uuid AND fence = ${this.#row.fence} AND ${withoutWaitingForDisk}
        RETURNING id
      ), told AS (${writingSteps(last, Prisma.sql`finished`)})
      SELECT FROM finished`;
    if (finished.length === 0) this.#lose();
    this.#row.state = state;
    this.#onChange?.(this);
  }

  /** Leaves the saga to whoever looks for work after `delayMs`. The first failure of a saga is on record. @throws {SagaLostError} */
  async defer(failure: SagaFailure, delayMs: number): Promise<void> {
    await this.#fail(failure, Prisma.sql`retry_at = now() + ${delayMs} * interval '1 ms', leased_until = NULL`);
  }

  /** Leaves the saga, which has not failed, to whoever looks for work. @throws {SagaLostError} */
  async release(): Promise<void> {
    await this.#write(Prisma.sql`leased_until = NULL`);
  }

  /** Says that it is alive. A sign that was under way when the saga was left comes too late for a lease. @throws {SagaLostError} */
  async extend(leaseMs: number): Promise<void> {
    await this.#write(Prisma.sql`leased_until = CASE WHEN leased_until IS NOT NULL THEN now() + ${leaseMs} * interval '1 ms' END`);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#signs);
  }

  async #fail({ action, step, error }: SagaFailure, changes: Prisma.Sql): Promise<void> {
    const { id, actor, tenantId } = this;
    await this.commit(async (tx) => {
      const isFirst = (await tx.$executeRaw`UPDATE sagas SET error = ${error} WHERE id = ${id}::uuid AND error IS NULL`) === 1;
      await tx.$executeRaw`UPDATE sagas SET ${changes} WHERE id = ${id}::uuid`;
      if (isFirst) await writeAudit(tx, { ...actor, action, tenantId, outcome: 'FAILED', detail: { step } });
    });
    this.#onChange?.(this);
  }

  async #write(changes: Prisma.Sql): Promise<void> {
    const count = await this.#db.$executeRaw`UPDATE sagas SET ${changes} WHERE id = ${this.id}::uuid AND fence = ${this.#row.fence}`;
    if (count === 0) this.#lose();
  }

  #lose(): never {
    const error = new SagaLostError(this.id);
    this.#lost.abort(error);
    throw error;
  }
}
