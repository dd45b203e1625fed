import { randomUUID } from 'node:crypto';
import { latestMigration } from '@tenantry/prisma';
import type { Pool } from 'pg';
import type { Tenant } from '../tenant.ts';
import { requestHash, storedInput, type ProvisioningRequest } from './provisioning-request.ts';

/**
 * Makes the database that has been ready on the shelf for longest a tenant's who is ACTIVE from then on, with all that the catalog holds
 * of a provisioning. One statement, which is all that most tenants wait for: what it writes is what `reserve` and the saga's steps write.
 *
 * @param template name of the newest template
 * @returns null when there is nothing ready
 * @throws {DatabaseError} 23505 when the slug or the idempotency key is taken; nothing is taken from the shelf then
 */
export async function takeReady(pool: Pool, request: ProvisioningRequest, template: string): Promise<Tenant | null> {
  const { specification, clusterName, actor, idempotencyKey } = request;
  const { slug, name, tier } = specification;
  const { rows } = await pool.query<Omit<Tenant, 'purgeAfter' | 'lastActiveAt'>>({
    name: 'take-ready',
    text: statement,
    values: [
      clusterName,
      template,
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
      JSON.stringify({ slug, cluster: clusterName }),
      randomUUID(),
      JSON.stringify(storedInput(request, true)),
    ],
  });
  return rows[0] ? { ...rows[0], purgeAfter: null, lastActiveAt: null } : null;
}

const statement = `
  WITH taken AS (
    DELETE FROM shelf WHERE id = (
      SELECT id FROM shelf WHERE cluster_name = $1 AND template = $2 AND ready_at IS NOT NULL
      ORDER BY ready_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, cluster_name, database_name, role_name, sealed_password
  ), tenant AS (
    INSERT INTO tenants (id, cluster_name, database_name, role_name, login_name, sealed_password,
      slug, name, tier, status, schema_version, updated_at)
    SELECT id, cluster_name, database_name, role_name, role_name, sealed_password,
      $3, $4, $5::"TenantTier", 'ACTIVE', $6, now() FROM taken
    RETURNING id, slug, name, tier, status, schema_version, cluster_name, created_at
  ), key AS (
    INSERT INTO idempotency_keys (issuer, subject, key, request_hash, tenant_id)
    SELECT $9, $10, $7::text, $8, id FROM tenant WHERE $7::text IS NOT NULL
  ), audit AS (
    INSERT INTO audit_log (id, action, issuer, subject, request_id, origin, tenant_id, outcome, detail)
    SELECT $13::uuid, 'tenant.provision', $9, $10, $11, $12, id, 'ALLOWED', $14::jsonb FROM tenant
  ), saga AS (
    INSERT INTO sagas (id, kind, tenant_id, state, input, issuer, subject, request_id, finished_at)
    SELECT $15::uuid, 'PROVISION', id, 'DONE', $16::jsonb, $9, $10, $11, now() FROM tenant
    RETURNING id
  ), step AS (
    INSERT INTO saga_steps (saga_id, position, name, state, finished_at)
    SELECT id, 0, 'shelf', 'DONE', now() FROM saga
  )
  SELECT id, slug, name, tier, status, schema_version AS "schemaVersion", cluster_name AS "clusterName", created_at AS "createdAt"
  FROM tenant`;
