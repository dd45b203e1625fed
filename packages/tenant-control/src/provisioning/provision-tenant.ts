import type { PrismaClient } from '@tenantry/prisma/control';
import { ConflictError, type KeyRing, type Logger } from '@tenantry/service';
import type { InvalidationBus } from '@tenantry/tenant-pool';
import type { Catalog } from '../catalog/catalog.ts';
import type { ClusterAdmin } from '../clusters/cluster-admin.ts';
import { ProvisioningError, UnknownClusterError } from '../errors.ts';
import { parseOrRefuse } from '../parse-or-refuse.ts';
import { tenantColumns, type Actor, type Tenant } from '../tenant.ts';
import { idempotencyKeySchema, provisionInputSchema, type ProvisionInput, type TenantSpecification } from './provision-input.ts';
import { reserve, waitUntilSettled, type ProvisioningRequest, type ReservedTenant } from './reservation.ts';
import { runSteps, type BeforeStep } from './run-steps.ts';

export interface ProvisionOptions {
  readonly actor: Actor;
  /** The same key from the same caller means the same request: sent again, it gives the same tenant. 1 to 200 characters. */
  readonly idempotencyKey?: string | null | undefined;
}

export interface ProvisioningServices {
  readonly catalog: Catalog;
  readonly db: PrismaClient;
  readonly keyRing: KeyRing;
  /** By name, never empty; the first one takes tenants whose tier names none. */
  readonly clusters: ReadonlyMap<string, ClusterAdmin>;
  readonly bus: InvalidationBus;
  readonly logger: Logger;
  readonly beforeStep?: BeforeStep | undefined;
}

/** Milliseconds that a repeated request waits for the first one. */
const waitDeadlineMs = 30_000;

/**
 * Creates a tenant: a role and a database that only this role can connect to, with the newest schema.
 *
 * @throws {BadInputError} {UnknownClusterError} {SlugTakenError} {IdempotencyKeyReusedError} {ProvisioningUnfinishedError}
 * @throws {ProvisioningError} when a step failed
 */
export async function provisionTenant(
  input: ProvisionInput,
  { actor, idempotencyKey }: ProvisionOptions,
  services: ProvisioningServices,
): Promise<Tenant> {
  const specification = parseOrRefuse(provisionInputSchema, input, 'input');
  const key = idempotencyKey == null ? null : parseOrRefuse(idempotencyKeySchema, idempotencyKey, 'idempotencyKey');
  const cluster = chooseCluster(specification, services.clusters);
  const request = { specification, clusterName: cluster.name, actor, idempotencyKey: key };
  try {
    return await provision(request, cluster, services);
  } catch (error) {
    if (error instanceof ConflictError) await recordRefusal(request, error, services);
    throw error;
  }
}

async function provision(request: ProvisioningRequest, cluster: ClusterAdmin, services: ProvisioningServices): Promise<Tenant> {
  const { db, keyRing } = services;
  const deadline = Date.now() + waitDeadlineMs;
  for (;;) {
    const reservation = await reserve(db, keyRing, request);
    if (reservation.kind === 'made') return await build(reservation.tenant, request, cluster, services);
    const tenant = await waitUntilSettled(db, reservation.tenantId, deadline);
    if (tenant) return tenant;
    // The first request failed and left nothing, so that it is this one's turn.
  }
}

async function build(
  tenant: ReservedTenant,
  { specification, actor }: ProvisioningRequest,
  cluster: ClusterAdmin,
  { catalog, db, bus, logger, beforeStep }: ProvisioningServices,
): Promise<Tenant> {
  try {
    await cluster.inTurn(async () => await runSteps({ tenant, specification, cluster, db }, logger, beforeStep));
  } catch (error) {
    const detail = { slug: tenant.slug, step: error instanceof ProvisioningError ? error.step : null };
    await catalog
      .recordAudit({ ...actor, action: 'tenant.provision', tenantId: tenant.id, outcome: 'FAILED', detail })
      .catch((cause: unknown) => logger.error({ err: cause, tenantId: tenant.id }, 'a failed provisioning could not be recorded'));
    throw error;
  }
  await bus
    .publish(tenant.id)
    .catch((error: unknown) =>
      logger.warn({ err: error, tenantId: tenant.id }, 'other processes were not told of a new tenant; they find it soon'),
    );
  return await db.tenant.findUniqueOrThrow({ where: { id: tenant.id }, select: tenantColumns });
}

async function recordRefusal(
  { specification: { slug }, actor }: ProvisioningRequest,
  refusal: ConflictError,
  { catalog }: ProvisioningServices,
): Promise<void> {
  await catalog.recordAudit({
    ...actor,
    action: 'tenant.provision',
    tenantId: null,
    outcome: 'DENIED',
    detail: { slug, reason: refusal.message },
  });
}

function chooseCluster({ cluster: wanted, tier }: TenantSpecification, clusters: ReadonlyMap<string, ClusterAdmin>): ClusterAdmin {
  const [first] = clusters.values();
  const chosen = wanted == null ? (clusters.get((tier ?? 'STANDARD').toLowerCase()) ?? first) : clusters.get(wanted);
  if (!chosen) throw new UnknownClusterError(wanted ?? '', clusters.keys());
  return chosen;
}
