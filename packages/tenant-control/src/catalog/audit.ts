import type { AuditOutcome, Prisma } from '@tenantry/prisma/control';
import type { Actor } from '../tenant.ts';

/** One line of the audit log: who did what to which tenant, from where, and how it ended. */
export interface AuditRecord extends Actor {
  /** Such as `tenant.suspend`. */
  readonly action: string;
  /** Null when no tenant is concerned, or none came to be. */
  readonly tenantId: string | null;
  readonly outcome: AuditOutcome;
  readonly detail?: Readonly<Record<string, string | number | boolean | null>>;
}

/** Takes a transaction too, so that a change and its record stand or fall together. */
export async function writeAudit(
  db: Pick<Prisma.TransactionClient, 'auditEntry'>,
  { action, issuer, subject, requestId, origin = null, tenantId, outcome, detail = {} }: AuditRecord,
): Promise<void> {
  await db.auditEntry.create({ data: { action, issuer, subject, requestId, origin, tenantId, outcome, detail }, select: { id: true } });
}
