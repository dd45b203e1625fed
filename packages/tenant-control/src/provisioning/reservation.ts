import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Prisma, PrismaClient } from '@tenantry/prisma/control';
import type { KeyRing } from '@tenantry/service';
import type { Pool } from 'pg';
import { writeAudit } from '../catalog/audit.ts';
import { IdempotencyKeyReusedError, ProvisioningUnfinishedError, SlugTakenError } from '../errors.ts';
import { isUniqueViolation } from '../postgres/unique-violation.ts';
import type { ClaimedSaga } from '../sagas/claimed-saga.ts';
import type { Sagas } from '../sagas/sagas.ts';
import type { Shelves } from '../shelf/shelves.ts';
import { newDatabase, type OwnedDatabase } from '../tenant-databases/owned-database.ts';
import { tenantColumns, type Tenant } from '../tenant.ts';
import { requestHash, storedInput, type ProvisioningRequest } from './provisioning-request.ts';
import { takeReady } from './take-ready.ts';

export interface ReservationServices {
  readonly db: PrismaClient;
  /** Of the control database. */
  readonly pool: Pool;
  readonly keyRing: KeyRing;
  readonly sagas: Sagas;
  readonly shelves: Shelves;
}

export type Reservation =
  /** Its provisioning is to be run. */
  | { readonly kind: 'begun'; readonly saga: ClaimedSaga }
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
    return (await reserveReady(request, services)) ?? { kind: 'begun', saga: await begin(request, services) };
  } catch (cause) {
    if (!isUniqueViolation(cause)) throw cause;
    // A concurrent request was faster; it may have been this very one.
    const winner = await findKnown(services.db, request);
    if (winner) return winner;
    throw new SlugTakenError(request.specification.slug, { cause });
  }
}

/** Frees what {@link reserve} took. */
export async function release(tx: Prisma.TransactionClient, tenantId: string): Promise<void> {
  await tx.tenant.deleteMany({ where: { id: tenantId, status: { in: ['PROVISIONING', 'FAILED'] } } });
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

/** @returns null when there is nothing ready, or an owner to invite first */
async function reserveReady(request: ProvisioningRequest, { pool, shelves }: ReservationServices): Promise<Reservation | null> {
  const template = shelves.templateOf(request.clusterName);
  if (template === null || request.specification.firstOwner) return null;
  const tenant = await takeReady(pool, request, template);
  return tenant && { kind: 'done', tenant };
}

async function begin(request: ProvisioningRequest, { sagas, keyRing, shelves }: ReservationServices): Promise<ClaimedSaga> {
  const { clusterName, actor } = request;
  return await sagas.begin(async (tx) => {
    const shelved = await shelves.take(tx, clusterName);
    const database = shelved ?? newDatabase(keyRing);
    await store(tx, request, database);
    const input = { ...storedInput(request, shelved !== null) };
    return { id: randomUUID(), kind: 'PROVISION', tenantId: database.id, input, actor };
  });
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

async function store(
  tx: Prisma.TransactionClient,
  request: ProvisioningRequest,
  { id, databaseName, roleName, sealedPassword }: OwnedDatabase,
): Promise<void> {
  const { specification, clusterName, actor, idempotencyKey: key } = request;
  const { slug, name, tier } = specification;
  await tx.tenant.create({
    data: { id, slug, name, tier: tier ?? 'STANDARD', clusterName, databaseName, roleName, loginName: roleName, sealedPassword },
    select: { id: true },
  });
  if (key !== null) {
    const { issuer, subject } = actor;
    await tx.idempotencyKey.create({ data: { issuer, subject, key, requestHash: requestHash(request), tenantId: id } });
  }
  await writeAudit(tx, { ...actor, action: 'tenant.provision', tenantId: id, outcome: 'ALLOWED', detail: { slug, cluster: clusterName } });
}
