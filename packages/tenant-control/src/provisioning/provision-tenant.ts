import { ConflictError, type Logger } from '@tenantry/service';
import type { InvalidationBus } from '@tenantry/tenant-pool';
import type { Catalog } from '../catalog/catalog.ts';
import type { ClusterAdmin } from '../clusters/cluster-admin.ts';
import { ProvisioningError, UnknownClusterError } from '../errors.ts';
import { parseOrRefuse } from '../parse-or-refuse.ts';
import type { ClaimedSaga } from '../sagas/claimed-saga.ts';
import { SagaError, SagaLostError } from '../sagas/errors.ts';
import type { Actor, Tenant } from '../tenant.ts';
import { idempotencyKeySchema, provisionInputSchema, type ProvisionInput, type TenantSpecification } from './provision-input.ts';
import type { ProvisioningRequest } from './provisioning-request.ts';
import { reserve, waitUntilSettled, type ReservationServices } from './reservation.ts';
import { activated } from './steps/activation-step.ts';

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

/** What makes a new tenant of a backup. */
export type ProvisionFromBackup = (input: ProvisionInput, options: ProvisionFromBackupOptions) => Promise<Tenant>;

export interface ProvisionFromBackupOptions extends ProvisionOptions {
  readonly backupId: string;
  /** Told the id of the saga before it is run; what it gives back is disposed of after. */
  readonly onSaga: (sagaId: string) => Disposable;
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
  options: ProvisionOptions | ProvisionFromBackupOptions,
  services: ProvisioningServices,
): Promise<Tenant> {
  const { actor, idempotencyKey } = options;
  const specification = parseOrRefuse(provisionInputSchema, input, 'input');
  const key = idempotencyKey == null ? null : parseOrRefuse(idempotencyKeySchema, idempotencyKey, 'idempotencyKey');
  const cluster = chooseCluster(specification, services.clusters);
  const backup = 'backupId' in options ? { backupId: options.backupId, onSaga: options.onSaga } : { backupId: null };
  const request = { specification, clusterName: cluster.name, actor, idempotencyKey: key, ...backup };
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
    // Nobody has to be told of it: nobody knew its id before.
    if (reservation.kind === 'done') return reservation.tenant;
    if (reservation.kind === 'begun' && (await build(reservation.saga, request, cluster, services))) return activated(reservation.tenant);
    const id = reservation.kind === 'begun' ? reservation.tenant.id : reservation.tenantId;
    const tenant = await waitUntilSettled(services.db, id, deadline);
    if (tenant) return tenant;
    // The first request failed and left nothing, so that it is this one's turn.
  }
}

/** @returns false when another process took it over */
async function build(
  saga: ClaimedSaga,
  { specification: { slug }, backupId, onSaga }: ProvisioningRequest,
  cluster: ClusterAdmin,
  { sagas, bus, logger }: ProvisioningServices,
): Promise<boolean> {
  const { tenantId } = saga;
  using _listening = onSaga?.(saga.id);
  try {
    const run = async () => await sagas.run(saga);
    await (backupId === null ? cluster.inTurn(run) : cluster.inLongTurn(run));
  } catch (error) {
    if (error instanceof SagaLostError) return false;
    throw error instanceof SagaError ? new ProvisioningError(slug, error) : error;
  }
  // Nobody is waited for: hardly anybody has asked for it before it was there.
  bus
    .publish(tenantId)
    .catch((err: unknown) => logger.warn({ err, tenantId }, 'other processes were not told of a new tenant; they find it soon'));
  return true;
}

async function recordRefusal({ actor }: ProvisioningRequest, refusal: ConflictError, { catalog }: ProvisioningServices): Promise<void> {
  await catalog.recordAudit({
    ...actor,
    action: 'tenant.provision',
    tenantId: null,
    outcome: 'DENIED',
    detail: { reason: refusal.name },
  });
}

function chooseCluster({ cluster: wanted, tier }: TenantSpecification, clusters: ReadonlyMap<string, ClusterAdmin>): ClusterAdmin {
  const [first] = clusters.values();
  const chosen = wanted == null ? (clusters.get((tier ?? 'STANDARD').toLowerCase()) ?? first) : clusters.get(wanted);
  if (!chosen) throw new UnknownClusterError(wanted ?? '', clusters.keys());
  return chosen;
}
