import { ConflictError, type Logger } from '@tenantry/service';
import type { InvalidationBus } from '@tenantry/tenant-pool';
import type { Catalog } from '../catalog/catalog.ts';
import type { ClusterAdmin } from '../clusters/cluster-admin.ts';
import { ProvisioningError, UnknownClusterError } from '../errors.ts';
import { parseOrRefuse } from '../parse-or-refuse.ts';
import type { ClaimedSaga } from '../sagas/claimed-saga.ts';
import { SagaError } from '../sagas/errors.ts';
import { tenantColumns, type Actor, type Tenant } from '../tenant.ts';
import { idempotencyKeySchema, provisionInputSchema, type ProvisionInput, type TenantSpecification } from './provision-input.ts';
import { reserve, waitUntilSettled, type ProvisioningRequest, type ReservationServices } from './reservation.ts';

export interface ProvisionOptions {
  readonly actor: Actor;
  /** The same key from the same caller means the same request: sent again, it gives the same tenant. 1 to 200 characters. */
  readonly idempotencyKey?: string | null | undefined;
}

export interface ProvisioningServices extends ReservationServices {
  readonly catalog: Catalog;
  /** By name, never empty; the first one takes tenants whose tier names none. */
  readonly clusters: ReadonlyMap<string, ClusterAdmin>;
  readonly bus: InvalidationBus;
  readonly logger: Logger;
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
  const deadline = Date.now() + waitDeadlineMs;
  for (;;) {
    const reservation = await reserve(request, services);
    if (reservation.kind === 'begun') return await build(reservation.saga, request, cluster, services);
    if (reservation.kind === 'done') return await announce(reservation.tenantId, services);
    const tenant = await waitUntilSettled(services.db, reservation.tenantId, deadline);
    if (tenant) return tenant;
    // The first request failed and left nothing, so that it is this one's turn.
  }
}

async function build(
  saga: ClaimedSaga,
  { specification: { slug }, actor }: ProvisioningRequest,
  cluster: ClusterAdmin,
  { catalog, db, sagas, bus, logger }: ProvisioningServices,
): Promise<Tenant> {
  const { tenantId } = saga;
  try {
    await cluster.inTurn(async () => await sagas.run(saga));
  } catch (error) {
    const failure = error instanceof SagaError ? new ProvisioningError(slug, error) : error;
    const detail = { slug, step: error instanceof SagaError ? error.step : null };
    await catalog
      .recordAudit({ ...actor, action: 'tenant.provision', tenantId, outcome: 'FAILED', detail })
      .catch((cause: unknown) => logger.error({ err: cause, tenantId }, 'a failed provisioning could not be recorded'));
    throw failure;
  }
  return await announce(tenantId, { db, bus, logger });
}

async function announce(tenantId: string, { db, bus, logger }: Pick<ProvisioningServices, 'db' | 'bus' | 'logger'>): Promise<Tenant> {
  await bus
    .publish(tenantId)
    .catch((error: unknown) => logger.warn({ err: error, tenantId }, 'other processes were not told of a new tenant; they find it soon'));
  return await db.tenant.findUniqueOrThrow({ where: { id: tenantId }, select: tenantColumns });
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
