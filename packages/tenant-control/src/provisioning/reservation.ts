import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Prisma, type PrismaClient } from '@tenantry/prisma/control';
import { seal, type KeyRing } from '@tenantry/service';
import { writeAudit } from '../catalog/audit.ts';
import { IdempotencyKeyReusedError, ProvisioningUnfinishedError, SlugTakenError } from '../errors.ts';
import type { ClaimedSaga } from '../sagas/claimed-saga.ts';
import type { Sagas } from '../sagas/sagas.ts';
import type { TenantDatabase } from '../tenant-databases/database.ts';
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

/** A database that is a tenant's, or will be, and the sealed password of the role that owns it. */
export interface OwnedDatabase extends TenantDatabase {
  readonly sealedPassword: string;
}

export type Reservation = { readonly kind: 'begun'; readonly saga: ClaimedSaga } | { readonly kind: 'known'; readonly tenantId: string };

const passwordBytes = 32;
const pollIntervalMs = 50;

/**
 * Takes the slug and the idempotency key for a new tenant, and begins its provisioning: all or nothing.
 *
 * @returns `known` when the same caller has sent the same request before
 * @throws {SlugTakenError} {IdempotencyKeyReusedError}
 */
export async function reserve(request: ProvisioningRequest, services: ReservationServices): Promise<Reservation> {
  const known = await findKnown(services.db, request);
  if (known) return known;
  try {
    return { kind: 'begun', saga: await begin(request, services) };
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

/** By id, since a slug may change: also says to whom a database or role belongs that is found without its catalog row. */
export function namesOf(tenantId: string): TenantDatabase {
  const name = `tenant_${tenantId.replaceAll('-', '')}`;
  return { id: tenantId, databaseName: name, roleName: name };
}

/** The names and the secret of a database that is yet to be made. */
export function newDatabase(keyRing: KeyRing): OwnedDatabase {
  const id = randomUUID();
  return { ...namesOf(id), sealedPassword: seal(randomBytes(passwordBytes).toString('base64url'), id, keyRing) };
}

async function begin(request: ProvisioningRequest, { sagas, keyRing, takeFromShelf }: ReservationServices): Promise<ClaimedSaga> {
  const { specification, clusterName, actor } = request;
  return await sagas.begin(async (tx) => {
    const shelved = await takeFromShelf(tx, clusterName);
    const database = shelved ?? newDatabase(keyRing);
    await store(tx, request, database);
    const { slug, name, tier, firstOwner } = specification;
    const input: ProvisioningInput = { specification: { slug, name, tier, firstOwner }, clusterName, isShelved: shelved !== null };
    return { id: randomUUID(), kind: 'PROVISION', tenantId: database.id, input, actor };
  });
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

async function store(tx: Prisma.TransactionClient, request: ProvisioningRequest, database: OwnedDatabase): Promise<void> {
  const { specification, clusterName, actor, idempotencyKey: key } = request;
  const { id, databaseName, roleName, sealedPassword } = database;
  const { slug, name, tier } = specification;
  await tx.tenant.create({
    data: { id, slug, name, tier: tier ?? 'STANDARD', clusterName, databaseName, roleName, loginName: roleName, sealedPassword },
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
