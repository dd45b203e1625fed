import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Prisma, type PrismaClient } from '@tenantry/prisma/control';
import { seal, type KeyRing } from '@tenantry/service';
import { writeAudit } from '../catalog/audit.ts';
import { IdempotencyKeyReusedError, ProvisioningUnfinishedError, SlugTakenError } from '../errors.ts';
import { tenantColumns, type Actor, type Tenant } from '../tenant.ts';
import type { TenantSpecification } from './provision-input.ts';

export interface ProvisioningRequest {
  readonly specification: TenantSpecification;
  readonly clusterName: string;
  readonly actor: Actor;
  readonly idempotencyKey: string | null;
}

/** The names and the secret that a new tenant will have. */
export interface ReservedTenant {
  readonly id: string;
  readonly slug: string;
  readonly databaseName: string;
  readonly roleName: string;
  readonly password: string;
}

export type Reservation =
  | { readonly kind: 'made'; readonly tenant: ReservedTenant }
  | { readonly kind: 'known'; readonly tenantId: string };

const passwordBytes = 32;
const pollIntervalMs = 50;

/**
 * Takes the slug and the idempotency key for a new tenant, both or neither.
 *
 * @returns `known` when the same caller has sent the same request before
 * @throws {SlugTakenError} {IdempotencyKeyReusedError}
 */
export async function reserve(db: PrismaClient, keyRing: KeyRing, request: ProvisioningRequest): Promise<Reservation> {
  const known = await findKnown(db, request);
  if (known) return known;
  const tenant = nameTenant(request.specification.slug);
  try {
    await store(db, keyRing, request, tenant);
    return { kind: 'made', tenant };
  } catch (cause) {
    if (!isUniqueViolation(cause)) throw cause;
    // A concurrent request was faster; it may have been this very one.
    const winner = await findKnown(db, request);
    if (winner) return winner;
    throw new SlugTakenError(request.specification.slug, { cause });
  }
}

/** Frees what {@link reserve} took. */
export async function release(db: PrismaClient, { id }: ReservedTenant): Promise<void> {
  await db.tenant.deleteMany({ where: { id, status: 'PROVISIONING' } });
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

function nameTenant(slug: string): ReservedTenant {
  const id = randomUUID();
  // By id, since a slug may change: also says to whom a database or role belongs that is found without its catalog row.
  const name = `tenant_${id.replaceAll('-', '')}`;
  return { id, slug, databaseName: name, roleName: name, password: randomBytes(passwordBytes).toString('base64url') };
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

async function store(db: PrismaClient, keyRing: KeyRing, request: ProvisioningRequest, tenant: ReservedTenant): Promise<void> {
  const { specification, clusterName, actor, idempotencyKey: key } = request;
  const { id, slug, databaseName, roleName, password } = tenant;
  const { issuer, subject } = actor;
  const keys = key === null ? {} : { idempotencyKeys: { create: { issuer, subject, key, requestHash: hashOf(request) } } };
  const { name, tier } = specification;
  const sealedPassword = seal(password, id, keyRing);
  await db.$transaction(async (tx) => {
    await tx.tenant.create({
      data: { id, slug, name, tier: tier ?? 'STANDARD', clusterName, databaseName, roleName, sealedPassword, ...keys },
      select: { id: true },
    });
    await writeAudit(tx, {
      ...actor,
      action: 'tenant.provision',
      tenantId: id,
      outcome: 'ALLOWED',
      detail: { slug, cluster: clusterName },
    });
  });
}

function hashOf({ specification, clusterName }: ProvisioningRequest): string {
  const { slug, name, tier, firstOwner } = specification;
  const content = [slug, name, tier ?? 'STANDARD', clusterName, firstOwner?.email ?? null, firstOwner?.name ?? null];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

function isUniqueViolation(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002';
}
