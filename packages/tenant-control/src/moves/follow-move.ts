import { setTimeout as sleep } from 'node:timers/promises';
import type { PrismaClient } from '@tenantry/prisma/control';
import { TenantChangeError } from '../errors.ts';
import { SagaError, SagaLostError } from '../sagas/errors.ts';
import type { Sagas } from '../sagas/sagas.ts';

export interface FollowOptions {
  readonly sagaId: string;
  readonly slug: string;
  /** Milliseconds; Infinity for until the end. */
  readonly waitMs: number;
}

const lookIntervalMs = 50;

/**
 * Waits for the end of a move, whoever makes it, and makes it where nobody does any more.
 *
 * @returns also when the time is over
 * @throws {TenantChangeError} when it has failed
 */
export async function followMove(options: FollowOptions, { db, sagas }: { db: PrismaClient; sagas: Sagas }): Promise<void> {
  const { sagaId, waitMs } = options;
  const deadline = performance.now() + waitMs;
  while (!(await hasSucceeded(options, db)) && performance.now() < deadline) {
    await sleep(lookIntervalMs);
    await takeUp(sagaId, sagas);
  }
}

/** Has one that failed be tried again now: who asks for it has perhaps put right what was in its way. */
export async function hurryMove(db: PrismaClient, sagaId: string): Promise<void> {
  await db.saga.updateMany({ where: { id: sagaId, leasedUntil: null }, data: { retryAt: null } });
}

/** @returns false when it has not ended @throws {TenantChangeError} when it has failed */
async function hasSucceeded({ sagaId, slug }: FollowOptions, db: PrismaClient): Promise<boolean> {
  const { state, error, leasedUntil, retryAt, steps } = await db.saga.findUniqueOrThrow({
    where: { id: sagaId },
    include: { steps: { where: { error: { not: null } }, orderBy: { position: 'asc' }, take: 1 } },
  });
  const fail = (outcome: SagaError['outcome']) => {
    const cause = new Error(error ?? 'It was given up.');
    return new TenantChangeError(slug, 'MOVE', { step: steps[0]?.name ?? '', outcome, cause });
  };
  const isDeferred = leasedUntil === null && retryAt !== null;
  if (state === 'UNDONE' || state === 'FAILED') throw fail('undone');
  if (isDeferred && state !== 'DONE') throw fail(state === 'RUNNING' ? 'deferred' : 'stuck');
  return state === 'DONE';
}

/** Does nothing where somebody makes it, this process for one. What it fails with is on record. */
async function takeUp(sagaId: string, sagas: Sagas): Promise<void> {
  try {
    await sagas.resume(sagaId);
  } catch (error) {
    if (!(error instanceof SagaError || error instanceof SagaLostError)) throw error;
  }
}
