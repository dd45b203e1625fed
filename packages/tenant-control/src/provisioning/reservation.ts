import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PrismaClient } from '@tenantry/prisma/control';
import type { KeyRing } from '@tenantry/service';
import type { Pool } from 'pg';
import { IdempotencyKeyReusedError, ProvisioningUnfinishedError, SlugTakenError } from '../errors.ts';
import { isUniqueViolation } from '../postgres/unique-violation.ts';
import type { ClaimedSaga } from '../sagas/claimed-saga.ts';
import type { Sagas } from '../sagas/sagas.ts';
import type { Shelves } from '../shelf/shelves.ts';
import { newDatabase } from '../tenant-databases/owned-database.ts';
import { tenantColumns, type Tenant } from '../tenant.ts';
import { requestHash, storedInput, type ProvisioningRequest } from './provisioning-request.ts';
import { storeReservation } from './store-reservation.ts';

export interface ReservationServices {
  readonly db: PrismaClient;
  /** Of the control database. */
  readonly pool: Pool;
  readonly keyRing: KeyRing;
  readonly sagas: Sagas;
  readonly shelves: Shelves;
}

export type Reservation =
  /** It is PROVISIONING: its saga is to be run. */
  | { readonly kind: 'begun'; readonly tenant: Tenant; readonly saga: ClaimedSaga }
  /** It is ACTIVE: its database was on the shelf, and there is nothing to put into it. */
  | { readonly kind: 'done'; readonly tenant: Tenant }
  /** The same caller has sent the same request before. */
  | { readonly kind: 'known'; readonly tenantId: string };

const pollIntervalMs = 50;

/**
 * Takes the slug and the idempotency key for a new tenant, and begins its provisioning: all or nothing.
 *
 * @throws {SlugTakenError} {IdempotencyKeyReusedError}
 */
export async function reserve(request: ProvisioningRequest, services: ReservationServices): Promise<Reservation> {
  const known = await findKnown(services.db, request);
  if (known) return known;
  try {
    return await store(request, services);
  } catch (cause) {
    if (!isUniqueViolation(cause)) throw cause;
    // A concurrent request was faster; it may have been this very one.
    const winner = await findKnown(services.db, request);
    if (winner) return winner;
    throw new SlugTakenError(request.specification.slug, { cause });
  }
}

/**
 * Waits until the provisioning of a tenant, which another request does, has ended.
 *
 * @returns null when it failed and left nothing
 * @throws {ProvisioningUnfinishedError} after `deadline`, in milliseconds since the epoch, or when it is left FAILED
 */
export async function waitUntilSettled(db: PrismaClient, id: string, deadline: number): Promise<Tenant | null> {
  for (;;) {
    const tenant = await db.tenant.findUnique({ where: { id }, select: tenantColumns });
    if (tenant?.status === 'FAILED')
      throw new ProvisioningUnfinishedError(`Provisioning of the tenant "${tenant.slug}" failed and has to be cleaned up.`);
    if (tenant?.status !== 'PROVISIONING') return tenant;
    if (Date.now() >= deadline) {
      throw new ProvisioningUnfinishedError(`The tenant "${tenant.slug}" is still being provisioned.`, { retryAfterMs: 5_000 });
    }
    await sleep(pollIntervalMs);
  }
}

async function store(request: ProvisioningRequest, { pool, keyRing, sagas, shelves }: ReservationServices): Promise<Reservation> {
  const { clusterName, actor, backupId } = request;
  const { leaseMs } = sagas;
  // Those on the shelf are not empty.
  const template = backupId === null ? shelves.templateOf(clusterName) : null;
  const id = randomUUID();
  const options = { pool, sagaId: id, leaseMs, template, unmade: newDatabase(keyRing) };
  const { tenant, isShelved, doneSteps } = await storeReservation(request, options);
  // Not sooner: what refills the shelf would be in the way of the one who waits.
  shelves.refillSoon(clusterName);
  if (tenant.status === 'ACTIVE') return { kind: 'done', tenant };
  const input = { ...storedInput(request), isShelved };
  const saga = sagas.hold({ id, kind: 'PROVISION', tenantId: tenant.id, input, actor }, doneSteps);
  return { kind: 'begun', tenant, saga };
}

async function findKnown(db: PrismaClient, request: ProvisioningRequest): Promise<Reservation | null> {
  const { idempotencyKey: key, actor } = request;
  if (key === null) return null;
  const { issuer, subject } = actor;
  const known = await db.idempotencyKey.findUnique({ where: { issuer_subject_key: { issuer, subject, key } } });
  if (!known) return null;
  if (known.requestHash !== requestHash(request)) throw new IdempotencyKeyReusedError(key);
  return { kind: 'known', tenantId: known.tenantId };
}
