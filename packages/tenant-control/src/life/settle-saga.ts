import { setTimeout as sleep } from 'node:timers/promises';
import type { PrismaClient, SagaKind } from '@tenantry/prisma/control';
import { TenantChangeError, TenantInTransitionError } from '../errors.ts';
import { SagaError, SagaLostError } from '../sagas/errors.ts';
import type { LockedTenant } from './locked-tenant.ts';
import type { LifeServices } from './services.ts';

export interface ChangeUnderWay {
  readonly sagaId: string;
  readonly kind: SagaKind;
  readonly tenant: LockedTenant;
}

/** Milliseconds that a request waits for what another one does. */
const waitDeadlineMs = 30_000;
const pollIntervalMs = 50;

/**
 * Runs a saga to its end, or waits until whoever runs it has.
 *
 * @throws {TenantChangeError} when it did not succeed {TenantInTransitionError} when it takes somebody else too long
 */
export async function settleSaga(change: ChangeUnderWay, services: LifeServices): Promise<void> {
  const { sagaId, kind, tenant } = change;
  const deadline = Date.now() + waitDeadlineMs;
  await hurry(services.db, sagaId);
  while (!(await hasSucceeded(change, services.db))) {
    if (await takeUp(change, services)) continue;
    if (Date.now() >= deadline) throw new TenantInTransitionError(tenant.slug, kind);
    await sleep(pollIntervalMs);
  }
}

/** Has a saga that failed be tried again now: who asks for it has perhaps put right what was in its way. */
async function hurry(db: PrismaClient, id: string): Promise<void> {
  await db.saga.updateMany({ where: { id, leasedUntil: null }, data: { retryAt: null } });
}

/** @returns false when it has not ended @throws {TenantChangeError} when it has failed */
async function hasSucceeded({ sagaId, kind, tenant: { slug } }: ChangeUnderWay, db: PrismaClient): Promise<boolean> {
  const { state, error, leasedUntil, retryAt, steps } = await db.saga.findUniqueOrThrow({
    where: { id: sagaId },
    include: { steps: { orderBy: { position: 'asc' } } },
  });
  if (state === 'DONE') return true;
  const failure = { step: steps.find((step) => step.error !== null)?.name ?? '', cause: new Error(error ?? 'It was given up.') };
  if (state === 'UNDONE' || state === 'FAILED') throw new TenantChangeError(slug, kind, { ...failure, outcome: 'undone' });
  const isDeferred = leasedUntil === null && retryAt !== null;
  if (isDeferred) throw new TenantChangeError(slug, kind, { ...failure, outcome: state === 'RUNNING' ? 'deferred' : 'stuck' });
  return false;
}

/** @returns false when somebody else runs it @throws {TenantChangeError} */
async function takeUp({ sagaId, kind, tenant }: ChangeUnderWay, { sagas, logger }: LifeServices): Promise<boolean> {
  try {
    return await sagas.resumeInTurn({ id: sagaId, kind, tenantId: tenant.id });
  } catch (error) {
    if (error instanceof SagaLostError) return false;
    logger.warn({ err: error, saga: sagaId, kind, tenantId: tenant.id }, 'a change of a tenant failed');
    if (!(error instanceof SagaError)) throw error;
    throw new TenantChangeError(tenant.slug, kind, error);
  }
}
