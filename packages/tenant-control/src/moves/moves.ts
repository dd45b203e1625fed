import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Prisma } from '@tenantry/prisma/control';
import { z } from 'zod';
import { writeAudit } from '../catalog/audit.ts';
import { TenantInTransitionError, UnknownClusterError } from '../errors.ts';
import { allowed, readTenant, recordingRefusals, type Request } from '../life/change-tenant.ts';
import { assertNoSaga, findSagaUnderWay, lockTenant, type LockedTenant } from '../life/locked-tenant.ts';
import type { LifeServices } from '../life/services.ts';
import { clusterOf } from '../life/tenant-work.ts';
import { parseOrRefuse } from '../parse-or-refuse.ts';
import type { Actor, Tenant } from '../tenant.ts';
import { followMove, hurryMove } from './follow-move.ts';
import { parseMove, type MoveWay } from './move-input.ts';
import { actionOf, moveSaga } from './move-saga.ts';
import type { MoveProgress } from './move-services.ts';
import { findOpenMove, listOpenMoves } from './open-move.ts';
import type { MovePatience } from './patience.ts';
import type { ChosenWay } from './plan/choose-way.ts';
import { planMove } from './plan/plan-move.ts';
import { wishToConfirm, wishToMove, wishToRevert, type MoveInput, type Planned, type Wish } from './wishes.ts';

export interface MoveOptions {
  /** Told how far it has come, as long as this process does it. Must not throw. */
  readonly onProgress?: ((progress: MoveProgress) => void) | undefined;
  /** Milliseconds to wait for its end. After that it goes on by itself, and the tenant is given back as it is. Default: however long it takes. */
  readonly waitMs?: number | undefined;
}

export interface ConfirmDueOptions {
  /** Days for which a move could be reverted. */
  readonly days: number;
  /** Moves that are confirmed at most. */
  readonly limit: number;
  /** Once aborted, the sweep ends with the move that it is at. */
  readonly signal?: AbortSignal | undefined;
}

export interface MovesOptions extends LifeServices {
  readonly patience: MovePatience;
}

const daysSchema = z.int('must be a whole number').min(0, 'must be at least 0');
const limitSchema = z.int('must be a whole number').min(1, 'must be at least 1');

interface Look {
  readonly tenant: LockedTenant;
  /** Of the saga that does it already; null when it is to be begun. */
  readonly sagaId: string | null;
  readonly planned: Planned;
}

/** The moves of tenants between clusters that this process was asked for. Disposing of it leaves what takes long to another process. */
export class Moves implements AsyncDisposable {
  readonly #options: MovesOptions;
  readonly #stopping = new AbortController();
  /** Who is told of the progress of a saga, by its id. */
  readonly #listeners = new Map<string, (progress: MoveProgress) => void>();
  /** What this process moves, by the saga's id. None of them rejects. */
  readonly #running = new Map<string, Promise<void>>();

  constructor(options: MovesOptions) {
    this.#options = options;
    const onProgress = (sagaId: string, progress: MoveProgress) => this.#listeners.get(sagaId)?.(progress);
    options.sagas.define(moveSaga({ ...options, stopping: this.#stopping.signal, onProgress }));
  }

  /** @see TenantMoves.moveTenant */
  async move(id: string, input: MoveInput, actor: Actor, options: MoveOptions = {}): Promise<Tenant> {
    const { clusters } = this.#options;
    if (!clusters.has(input.cluster)) throw new UnknownClusterError(input.cluster, clusters.keys());
    return await this.#change(id, actor, wishToMove(input), options);
  }

  /** @see TenantMoves.confirmMove */
  async confirm(id: string, actor: Actor): Promise<Tenant> {
    return await this.#change(id, actor, wishToConfirm);
  }

  /** @see TenantMoves.revertMove */
  async revert(id: string, actor: Actor, options: MoveOptions = {}): Promise<Tenant> {
    return await this.#change(id, actor, wishToRevert, options);
  }

  /** @see TenantMoves.confirmMovesDue */
  async confirmDue(options: ConfirmDueOptions, actor: Actor): Promise<string[]> {
    const { db, logger } = this.#options;
    const olderThanDays = parseOrRefuse(daysSchema, options.days, 'days');
    const limit = parseOrRefuse(limitSchema, options.limit, 'limit');
    const confirmed: string[] = [];
    for (const { tenantId } of await listOpenMoves(db, { limit, olderThanDays })) {
      if (options.signal?.aborted) break;
      try {
        confirmed.push((await this.confirm(tenantId, actor)).id);
      } catch (err) {
        logger.warn({ err, tenantId }, 'a move was not confirmed by a sweep');
      }
    }
    return confirmed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running.values());
  }

  async #change(id: string, actor: Actor, wish: Wish, options: MoveOptions = {}): Promise<Tenant> {
    const { catalog, db, sagas } = this.#options;
    const request = { id, action: actionOf(wish.deed), actor };
    const { sagaId, tenant } = await recordingRefusals(request, catalog, async () => await this.#begin(request, wish));
    const { onProgress, waitMs = Infinity } = options;
    if (onProgress) this.#listeners.set(sagaId, onProgress);
    const deadline = performance.now() + waitMs;
    try {
      // To its very end: what it has opened is closed then.
      await withinTime(this.#running.get(sagaId), waitMs);
      await followMove({ sagaId, slug: tenant.slug, waitMs: deadline - performance.now() }, { db, sagas });
    } finally {
      this.#listeners.delete(sagaId);
    }
    return await readTenant(db, tenant.id);
  }

  /** Joins what was asked for before, if that goes on. */
  async #begin(request: Request, wish: Wish): Promise<{ sagaId: string; tenant: LockedTenant }> {
    const { db, sagas } = this.#options;
    const { tenant, sagaId, planned } = await db.$transaction(async (tx) => await this.#look(tx, request.id, wish));
    if (sagaId !== null) {
      await hurryMove(db, sagaId);
      return { sagaId, tenant };
    }
    const chosen = await this.#plan(tenant, planned, wish.way);
    const saga = await sagas.begin(async (tx) => {
      const locked = await lockTenant(tx, tenant.id);
      await assertNoSaga(tx, locked);
      const input = { ...wish.decide(locked, await findOpenMove(tx, tenant.id)), ...chosen };
      const { from, to } = input;
      if (from !== planned.from || to !== planned.to) throw new TenantInTransitionError(tenant.slug, 'MOVE');
      await writeAudit(tx, allowed(request, { from, to, way: chosen.way }));
      return { id: randomUUID(), kind: 'MOVE', tenantId: tenant.id, input, actor: request.actor };
    });
    this.#run(saga.id, sagas.run(saga));
    return { sagaId: saga.id, tenant };
  }

  /** @throws by {@link Wish.decide}, and {TenantInTransitionError} when another change is under way */
  async #look(tx: Prisma.TransactionClient, id: string, { deed, to, decide }: Wish): Promise<Look> {
    const tenant = await lockTenant(tx, id);
    const underWay = await findSagaUnderWay(tx, tenant.id);
    if (!underWay) return { tenant, sagaId: null, planned: decide(tenant, await findOpenMove(tx, tenant.id)) };
    const { input } = await tx.saga.findUniqueOrThrow({ where: { id: underWay.id }, select: { input: true } });
    const planned = underWay.kind === 'MOVE' ? parseMove(input) : null;
    if (planned?.deed !== deed || (to !== null && planned.to !== to)) throw new TenantInTransitionError(tenant.slug, underWay.kind);
    return { tenant, sagaId: underWay.id, planned };
  }

  async #plan(tenant: LockedTenant, { deed, from, to }: Planned, way: MoveWay | null): Promise<ChosenWay> {
    if (deed === 'CONFIRM') return { way: 'DUMP', reason: 'nothing is copied' };
    const source = clusterOf({ clusterName: from }, this.#options);
    const target = clusterOf({ clusterName: to }, this.#options);
    return await planMove({ tenant, source, target, way, isOldCopyThere: deed === 'REVERT' });
  }

  #run(sagaId: string, running: Promise<void>): void {
    const { logger } = this.#options;
    const settled = running
      .catch((err: unknown) => logger.warn({ err, saga: sagaId }, 'a move failed'))
      .finally(() => this.#running.delete(sagaId));
    this.#running.set(sagaId, settled);
  }
}

/** Resolves with `work`, or when the time is over. */
async function withinTime(work: Promise<void> | undefined, ms: number): Promise<void> {
  if (!work || ms === Infinity) return await work;
  const over = new AbortController();
  const late = sleep(ms, undefined, { signal: over.signal }).catch(() => {});
  await Promise.race([work, late]);
  over.abort();
}
