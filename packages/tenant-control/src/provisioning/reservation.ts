import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { latestMigration } from '@tenantry/prisma';
import { Prisma, type PrismaClient } from '@tenantry/prisma/control';
import type { KeyRing } from '@tenantry/service';
import { writeAudit } from '../catalog/audit.ts';
import { IdempotencyKeyReusedError, ProvisioningUnfinishedError, SlugTakenError } from '../errors.ts';
import { recordSaga, type ClaimedSaga } from '../sagas/claimed-saga.ts';
import type { Sagas } from '../sagas/sagas.ts';
import { newDatabase, type OwnedDatabase } from '../tenant-databases/owned-database.ts';
import { transitions } from '../tenant-status.ts';
import { tenantColumns, type Actor, type Tenant } from '../tenant.ts';
import type { TenantSpecification } from './provision-input.ts';
import type { ProvisioningInput } from './provisioning-input.ts';

export interface ProvisioningRequest {
  readonly specification: TenantSpecification;
  readonly clusterName: string;
  readonly actor: Actor;
  readonly idempotencyKey: string | null;
}

export interface ReservationServices {
  readonly db: PrismaClient;
  readonly keyRing: KeyRing;
  readonly sagas: Sagas;
  /** Takes a database off the shelf, in the transaction that makes it a tenant's. */
  readonly takeFromShelf: (tx: Prisma.TransactionClient, clusterName: string) => Promise<OwnedDatabase | null>;
}

export type Reservation =
  /** Its provisioning is to be run. */
  | { readonly kind: 'begun'; readonly saga: ClaimedSaga }
  /** It is ACTIVE: its database was on the shelf, and there is nothing to put into it. */
  | { readonly kind: 'done'; readonly tenantId: string }
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
    return (await takeReady(request, services)) ?? { kind: 'begun', saga: await begin(request, services) };
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
async function takeReady(request: ProvisioningRequest, { db, takeFromShelf }: ReservationServices): Promise<Reservation | null> {
  const { specification, clusterName, actor } = request;
  if (specification.firstOwner) return null;
  return await db.$transaction(async (tx) => {
    const database = await takeFromShelf(tx, clusterName);
    if (!database) return null;
    await store(tx, request, database, { status: transitions.activate.to, schemaVersion: latestMigration('tenant') });
    const input = storedInput(request, true);
    await recordSaga(tx, { id: randomUUID(), kind: 'PROVISION', tenantId: database.id, input, actor }, 'shelf');
    return { kind: 'done', tenantId: database.id };
  });
}

async function begin(request: ProvisioningRequest, { sagas, keyRing, takeFromShelf }: ReservationServices): Promise<ClaimedSaga> {
  const { clusterName, actor } = request;
  return await sagas.begin(async (tx) => {
    const shelved = await takeFromShelf(tx, clusterName);
    const database = shelved ?? newDatabase(keyRing);
    await store(tx, request, database, { status: 'PROVISIONING', schemaVersion: null });
    const input = storedInput(request, shelved !== null);
    return { id: randomUUID(), kind: 'PROVISION', tenantId: database.id, input, actor };
  });
}

function storedInput({ specification: { slug, name, tier, firstOwner }, clusterName }: ProvisioningRequest, isShelved: boolean) {
  return { specification: { slug, name, tier: tier ?? null, firstOwner: firstOwner ?? null }, clusterName, isShelved } satisfies ProvisioningInput;
}

async function findKnown(db: PrismaClient, request: ProvisioningRequest): Promise<Reservation | null> {
  const { idempotencyKey: key, actor } = request;
  if (key === null) return null;
  const { issuer, subject } = actor;
  const known = await db.idempotencyKey.findUnique({ where: { issuer_subject_key: { issuer, subject, key } } });
  if (!known) return null;
  if (known.requestHash !== hashOf(request)) throw new IdempotencyKeyReusedError(key);
  return { kind: 'known', tenantId: known.tenantId };
}

async function store(
  tx: Prisma.TransactionClient,
  request: ProvisioningRequest,
  { id, databaseName, roleName, sealedPassword }: OwnedDatabase,
  state: Pick<Tenant, 'status' | 'schemaVersion'>,
): Promise<void> {
  const { specification, clusterName, actor, idempotencyKey: key } = request;
  const { slug, name, tier } = specification;
  await tx.tenant.create({
    data: { id, slug, name, tier: tier ?? 'STANDARD', clusterName, databaseName, roleName, loginName: roleName, sealedPassword, ...state },
    select: { id: true },
  });
  if (key !== null) {
    const { issuer, subject } = actor;
    await tx.idempotencyKey.create({ data: { issuer, subject, key, requestHash: hashOf(request), tenantId: id } });
  }
  await writeAudit(tx, { ...actor, action: 'tenant.provision', tenantId: id, outcome: 'ALLOWED', detail: { slug, cluster: clusterName } });
}

function hashOf({ specification, clusterName }: ProvisioningRequest): string {
  const { slug, name, tier, firstOwner } = specification;
  const content = [slug, name, tier ?? 'STANDARD', clusterName, firstOwner?.email ?? null, firstOwner?.name ?? null];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

function isUniqueViolation(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002';
}
