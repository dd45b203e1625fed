import type { AuditOutcome, Prisma } from '@tenantry/prisma/control';
import type { Actor } from '../tenant.ts';

/** One line of the audit log: who did what to which tenant, from where, and how it ended. */
export interface AuditRecord extends Actor {
  /** Such as `tenant.suspend`. */
  readonly action: string;
  /** Null when no tenant is concerned, or none came to be. */
  readonly tenantId: string | null;
  readonly outcome: AuditOutcome;
  /** Nothing that says who a tenant or a person of a tenant is, such as a name or a slug: no erasure reaches it. */
  readonly detail?: Readonly<Record<string, string | number | boolean | null>>;
}

/**
 * Takes a transaction too, so that a change and its record stand or fall together. When it was is told by the control database's clock, as
 * of now: a transaction may have waited since it began.
 */
export async function writeAudit(
  db: Pick<Prisma.TransactionClient, '$executeRaw'>,
  { action, issuer, subject, requestId, origin = null, tenantId, outcome, detail = {} }: AuditRecord,
): Promise<void> {
  await db.$executeRaw`
    INSERT INTO audit_log (id, at, action, issuer, subject, request_id, origin, tenant_id, outcome, detail)
    VALUES (gen_random_uuid(), clock_timestamp(), ${action}, ${issuer}, ${subject}, ${requestId}, ${origin}, ${tenantId}::uuid,
      ${outcome}::"AuditOutcome", ${JSON.stringify(detail)}::jsonb)`;
}
