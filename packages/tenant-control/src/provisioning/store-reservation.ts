import { randomUUID } from 'node:crypto';
import { latestMigration } from '@tenantry/prisma';
import type { Pool } from 'pg';
import { firstFence } from '../sagas/saga-request.ts';
import type { OwnedDatabase } from '../tenant-databases/owned-database.ts';
import type { Tenant } from '../tenant.ts';
import { requestHash, storedInput, type ProvisioningRequest } from './provisioning-request.ts';
import { reservationStep } from './steps/reservation-step.ts';
import { shelfStep } from './steps/shelf-step.ts';

export interface ReservationOptions {
  /** Of the control database. */
  readonly pool: Pool;
  readonly sagaId: string;
  /** Milliseconds that the saga is its beginner's without a sign of life. */
  readonly leaseMs: number;
  /** Name of the template whose clones on the shelf may be taken; null for none. */
  readonly template: string | null;
  /** The database of the tenant that finds nothing on the shelf: yet to be made. */
  readonly unmade: OwnedDatabase;
}

export interface StoredReservation {
  /** ACTIVE, and its saga DONE, when its database was ready and there is nothing to put into it; else PROVISIONING, and RUNNING. */
  readonly tenant: Tenant;
  /** Whether its database was ready on the shelf. */
  readonly isShelved: boolean;
  /** Names of the steps of its saga that are done with this. */
  readonly doneSteps: readonly string[];
}

/** In their positions. The second one is there only where the database was ready. */
const stepNames = [reservationStep.name, shelfStep.name];

/**
 * Stores a new tenant with all that the catalog holds of its provisioning, and gives it the database that has been ready on the shelf for
 * longest, if there is one. A single statement, and for most tenants all that they wait for.
 *
 * @throws {DatabaseError} 23505 when the slug or the idempotency key is taken; nothing is stored and nothing taken from the shelf then
 */
export async function storeReservation(
  request: ProvisioningRequest,
  { pool, sagaId, leaseMs, template, unmade }: ReservationOptions,
): Promise<StoredReservation> {
  const { specification, clusterName, actor, idempotencyKey } = request;
  const { slug, name, tier, firstOwner } = specification;
  const { rows } = await pool.query<Omit<Tenant, 'purgeAfter' | 'lastActiveAt'> & { isShelved: boolean }>({
    name: 'store-reservation',
    text: statement,
    values: [
      clusterName,
      template,
      unmade.id,
      unmade.databaseName,
      unmade.roleName,
      unmade.sealedPassword,
      firstOwner != null,
      slug,
      name,
      tier ?? 'STANDARD',
      latestMigration('tenant'),
      idempotencyKey,
      requestHash(request),
      actor.issuer,
      actor.subject,
      actor.requestId,
      actor.origin ?? null,
      randomUUID(),
      sagaId,
      JSON.stringify(storedInput(request)),
      firstFence,
      leaseMs,
      stepNames,
    ],
  });
  const [stored] = rows;
  if (!stored) throw new Error('A reservation was stored and gave nothing back.');
  const { isShelved, ...tenant } = stored;
  const doneSteps = stepNames.slice(0, isShelved ? 2 : 1);
  return { tenant: { ...tenant, purgeAfter: null, lastActiveAt: null }, isShelved, doneSteps };
}

const statement = `
  WITH taken AS (
    DELETE FROM shelf WHERE id = (
      SELECT id FROM shelf WHERE cluster_name = $1 AND template = $2 AND ready_at IS NOT NULL
      ORDER BY ready_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, database_name, role_name, sealed_password
  ), database AS (
    SELECT *, true AS is_shelved, NOT $7::boolean AS is_done FROM taken
    UNION ALL
    SELECT $3::uuid, $4, $5, $6, false, false WHERE NOT EXISTS (SELECT FROM taken)
  ), tenant AS (
    INSERT INTO tenants (id, cluster_name, database_name, role_name, login_name, sealed_password,
      slug, name, tier, status, schema_version, updated_at)
    SELECT id, $1, database_name, role_name, role_name, sealed_password,
      $8, $9, $10::"TenantTier", (CASE WHEN is_done THEN 'ACTIVE' ELSE 'PROVISIONING' END)::"TenantStatus",
      CASE WHEN is_done THEN $11 END, now()
    FROM database
    RETURNING id, slug, name, tier, status, schema_version, cluster_name, created_at
  ), key AS (
    INSERT INTO idempotency_keys (issuer, subject, key, request_hash, tenant_id)
    SELECT $14, $15, $12::text, $13, id FROM tenant WHERE $12::text IS NOT NULL
  ), audit AS (
    INSERT INTO audit_log (id, action, issuer, subject, request_id, origin, tenant_id, outcome, detail)
    SELECT $18::uuid, 'tenant.provision', $14, $15, $16, $17, id, 'ALLOWED', jsonb_build_object('cluster', $1) FROM tenant
  ), saga AS (
    INSERT INTO sagas (id, kind, tenant_id, state, input, issuer, subject, request_id, origin, fence, leased_until, finished_at)
    SELECT $19::uuid, 'PROVISION', id, (CASE WHEN is_done THEN 'DONE' ELSE 'RUNNING' END)::"SagaState",
      $20::jsonb || jsonb_build_object('isShelved', is_shelved), $14, $15, $16, $17, $21,
      CASE WHEN NOT is_done THEN now() + $22 * interval '1 ms' END, CASE WHEN is_done THEN now() END
    FROM database
    RETURNING id
  ), step AS (
    INSERT INTO saga_steps (saga_id, position, name, state, finished_at)
    SELECT saga.id, ordinality - 1, name, 'DONE', now()
    FROM saga, database, unnest($23::text[]) WITH ORDINALITY AS step (name, ordinality) WHERE is_shelved OR ordinality = 1
  )
  SELECT tenant.id, slug, name, tier, status, schema_version AS "schemaVersion", cluster_name AS "clusterName", created_at AS "createdAt",
    is_shelved AS "isShelved"
  FROM tenant, database`;
