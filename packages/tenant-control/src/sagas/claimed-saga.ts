import { Prisma, type PrismaClient, type SagaKind, type SagaState, type SagaStepState } from '@tenantry/prisma/control';
import type { Logger } from '@tenantry/service';
import { writeAudit } from '../catalog/audit.ts';
import type { Actor } from '../tenant.ts';
import { SagaLostError } from './errors.ts';

export interface ClaimOptions {
  db: PrismaClient;
  logger: Logger;
  /** Milliseconds without a sign of life after which somebody else takes the saga over. */
  leaseMs: number;
}

/** What is asked for, and by whom. */
export interface SagaRequest {
  /** A UUID that was never used. */
  readonly id: string;
  readonly kind: SagaKind;
  readonly tenantId: string;
  readonly input: Prisma.JsonObject;
  readonly actor: Actor;
}

/** What a step's state is now; its time is the control database's. */
export interface StepReport {
  readonly position: number;
  readonly name: string;
  readonly state: SagaStepState;
  readonly error?: string;
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

const firstFence = 1;

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
  readonly #db: PrismaClient;
  readonly #row: ClaimedRow;
  readonly #lost = new AbortController();
  readonly #signs: NodeJS.Timeout;

  private constructor(id: string, row: ClaimedRow, { db, logger, leaseMs }: ClaimOptions) {
    this.id = id;
    this.#db = db;
    this.#row = row;
    this.#signs = setInterval(() => {
      this.#extend(leaseMs).catch((err: unknown) => logger.warn({ err, saga: id }, 'a saga could not say that it is alive'));
    }, leaseMs / signsPerLease).unref();
  }

  /** Begins a saga that `work` tells of, in the same transaction as the change by which others know of it. */
  static async begin(options: ClaimOptions, work: (tx: Prisma.TransactionClient) => Promise<SagaRequest>): Promise<ClaimedSaga> {
    const { id, kind, tenantId, input, actor } = await options.db.$transaction(async (tx) => {
      const request = await work(tx);
      await insertSaga(tx, request, options.leaseMs);
      return request;
    });
    return new ClaimedSaga(id, { kind, tenantId, state: 'RUNNING', input, data: {}, origin: null, ...actor, fence: firstFence }, options);
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

  get kind(): SagaKind {
    return this.#row.kind;
  }

  get tenantId(): string {
    return this.#row.tenantId;
  }

  get state(): SagaState {
    return this.#row.state;
  }

  get input(): Prisma.JsonValue {
    return this.#row.input;
  }

  /** What earlier steps have found out or made. */
  get data(): Readonly<Prisma.JsonObject> {
    return this.#row.data;
  }

  get actor(): Actor {
    const { issuer, subject, requestId, origin } = this.#row;
    return { issuer, subject, requestId, origin };
  }

  /** How often the saga was taken up, this time included. */
  get attempt(): number {
    return this.#row.fence;
  }

  /** Aborted when somebody else has taken the saga over. */
  get signal(): AbortSignal {
    return this.#lost.signal;
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
      // Locked, so that nobody takes the saga over before the change is made.
      const held = await tx.$queryRaw<unknown[]>`
        SELECT FROM sagas WHERE id = ${this.id}::uuid AND fence = ${this.#row.fence} FOR NO KEY UPDATE`;
      if (held.length === 0) this.#lose();
      return await work(tx);
    });
  }

  /** Keeps what later steps, and whoever takes over, have to know. @throws {SagaLostError} */
  async remember(facts: Prisma.JsonObject): Promise<void> {
    // Added to what is there: a secret among it may have been sealed anew meanwhile.
    await this.#write(Prisma.sql`data = sagas.data || ${JSON.stringify(facts)}::jsonb`);
    this.#row.data = { ...this.#row.data, ...facts };
  }

  /** Which steps have been begun, by position. */
  async begunSteps(): Promise<ReadonlyMap<number, SagaStepState>> {
    const steps = await this.#db.sagaStep.findMany({ where: { sagaId: this.id }, select: { position: true, state: true } });
    return new Map(steps.map(({ position, state }) => [position, state]));
  }

  /** @throws {SagaLostError} */
  async report(...steps: readonly StepReport[]): Promise<void> {
    const count = await this.#db.$executeRaw`
      INSERT INTO saga_steps (saga_id, position, name, state, finished_at, error)
      SELECT sagas.id, step.position, step.name, step.state, CASE WHEN step.state <> 'RUNNING' THEN now() END, step.error
      FROM sagas, unnest(
        ${steps.map(({ position }) => position)}::int[], ${steps.map(({ name }) => name)}::text[],
        ${steps.map(({ state }) => state)}::"SagaStepState"[], ${steps.map(({ error }) => error ?? null)}::text[]
      ) AS step (position, name, state, error)
      WHERE sagas.id = ${this.id}::uuid AND sagas.fence = ${this.#row.fence} AND ${withoutWaitingForDisk}
      ON CONFLICT (saga_id, position) DO UPDATE SET
        state = EXCLUDED.state, finished_at = EXCLUDED.finished_at, error = coalesce(EXCLUDED.error, saga_steps.error),
        attempts = saga_steps.attempts + CASE WHEN EXCLUDED.state = 'RUNNING' THEN 1 ELSE 0 END`;
    if (count < steps.length) this.#lose();
  }

  /** From now on the steps are undone; that it failed, and at which step, is on record with that. @throws {SagaLostError} */
  async turnBack(step: string, error: string): Promise<void> {
    const { actor, kind, tenantId } = this;
    await this.commit(async (tx) => {
      await tx.saga.update({ where: { id: this.id }, data: { state: 'UNDOING', error }, select: { id: true } });
      await writeAudit(tx, { ...actor, action: `tenant.${kind.toLowerCase()}`, tenantId, outcome: 'FAILED', detail: { step } });
    });
    this.#row.state = 'UNDOING';
  }

  /** @throws {SagaLostError} */
  async finish(state: 'DONE' | 'UNDONE' | 'FAILED'): Promise<void> {
    await this.#write(Prisma.sql`state = ${state}::"SagaState", finished_at = now(), leased_until = NULL`, withoutWaitingForDisk);
    this.#row.state = state;
  }

  /** Leaves the saga to whoever looks for work after `delayMs`. @throws {SagaLostError} */
  async defer(delayMs: number, error: string): Promise<void> {
    await this.#write(Prisma.sql`retry_at = now() + ${delayMs} * interval '1 ms', leased_until = NULL, error = coalesce(error, ${error})`);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#signs);
  }

  async #extend(leaseMs: number): Promise<void> {
    await this.#write(Prisma.sql`leased_until = now() + ${leaseMs} * interval '1 ms'`);
  }

  async #write(changes: Prisma.Sql, condition = Prisma.sql`true`): Promise<void> {
    const count = await this.#db.$executeRaw`
      UPDATE sagas SET ${changes} WHERE id = ${this.id}::uuid AND fence = ${this.#row.fence} AND ${condition}`;
    if (count === 0) this.#lose();
  }

  #lose(): never {
    const error = new SagaLostError(this.id);
    this.#lost.abort(error);
    throw error;
  }
}

async function insertSaga(tx: Prisma.TransactionClient, request: SagaRequest, leaseMs: number): Promise<void> {
  const { id, kind, tenantId, input, actor } = request;
  await tx.$executeRaw`
    INSERT INTO sagas (id, kind, tenant_id, input, issuer, subject, request_id, origin, fence, leased_until)
    VALUES (${id}::uuid, ${kind}::"SagaKind", ${tenantId}::uuid, ${JSON.stringify(input)}::jsonb,
      ${actor.issuer}, ${actor.subject}, ${actor.requestId}, ${actor.origin ?? null}, ${firstFence}, now() + ${leaseMs} * interval '1 ms')`;
}
