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
import type { ProvisioningRequest } from './provisioning-request.ts';
import { reserve, waitUntilSettled, type ReservationServices } from './reservation.ts';

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
    // Nobody has to be told of it: nobody knew its id before.
    if (reservation.kind === 'done') return reservation.tenant;
    const tenant = await waitUntilSettled(services.db, reservation.tenantId, deadline);
    if (tenant) return tenant;
    // The first request failed and left nothing, so that it is this one's turn.
  }
}

async function build(
  saga: ClaimedSaga,
  { specification: { slug } }: ProvisioningRequest,
  cluster: ClusterAdmin,
  { db, sagas, bus, logger }: ProvisioningServices,
): Promise<Tenant> {
  const { tenantId } = saga;
  try {
    await cluster.inTurn(async () => await sagas.run(saga));
  } catch (error) {
    throw error instanceof SagaError ? new ProvisioningError(slug, error) : error;
  }
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
