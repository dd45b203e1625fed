import type { AuditOutcome, Prisma, PrismaClient } from '@tenantry/prisma/control';
import { BadInputError, canonicalUuid } from '@tenantry/service';
import type { AuditRecord } from './audit.ts';
import { pageBy, type PageOptions } from './page.ts';

/** A line of the audit log as it is kept. */
export interface AuditEntry extends Required<AuditRecord> {
  readonly id: string;
  readonly at: Date;
}

/** Conditions that must all hold. */
export interface AuditFilter {
  readonly tenantId?: string | null | undefined;
  /** Such as `tenant.suspend`. */
  readonly action?: string | null | undefined;
  /** Of whoever did it, to the letter. */
  readonly subject?: string | null | undefined;
  readonly outcome?: AuditOutcome | null | undefined;
  /** The earliest instant that counts. */
  readonly from?: Date | null | undefined;
  /** The earliest instant after `from` that does not count any more. */
  readonly to?: Date | null | undefined;
}

/** Where an entry stands in the log: the newest first. */
export type AuditPosition = Pick<AuditEntry, 'at' | 'id'>;

export interface ListAuditOptions extends PageOptions<AuditPosition> {
  readonly filter?: AuditFilter | null | undefined;
}

const newestFirst = { instant: 'at', key: 'id', direction: 'desc' } as const;

/** @throws {BadInputError} when a condition of the filter is malformed */
export async function listAudit(db: PrismaClient, { filter, ...page }: ListAuditOptions): Promise<AuditEntry[]> {
  const { beyond, inOrder } = pageBy(newestFirst, page);
  const entries = await db.auditEntry.findMany({ where: { AND: [matches(filter ?? {}), beyond] }, ...inOrder });
  return entries.map(({ detail, ...entry }) => Object.assign(entry, { detail: readDetail(detail) }));
}

/** @throws {BadInputError} as {@link listAudit} */
export async function countAudit(db: PrismaClient, filter: AuditFilter | null | undefined): Promise<number> {
  return await db.auditEntry.count({ where: matches(filter ?? {}) });
}

function matches({ tenantId, action, subject, outcome, from, to }: AuditFilter): Prisma.AuditEntryWhereInput {
  return {
    ...(tenantId != null && { tenantId: demandUuid(tenantId) }),
    ...(action != null && { action: demandText(action, 'action') }),
    ...(subject != null && { subject: demandText(subject, 'subject') }),
    ...(outcome != null && { outcome }),
    at: { ...(from != null && { gte: demandInstant(from, 'from') }), ...(to != null && { lt: demandInstant(to, 'to') }) },
  };
}

function demandUuid(text: string): string {
  const id = canonicalUuid(text);
  if (id === null) throw new BadInputError("`filter.tenantId` must be a tenant's id (a UUID).");
  return id;
}

/** Postgres cannot even be asked for a text with NUL. */
function demandText(text: string, name: string): string {
  if (text.includes('\0')) throw new BadInputError(`\`filter.${name}\` must not hold NUL.`);
  return text;
}

/** Postgres knows no year 0, which ISO 8601 does. */
function demandInstant(instant: Date, name: string): Date {
  if (!(instant.getUTCFullYear() > 0)) throw new BadInputError(`\`filter.${name}\` must be an instant after the year 0.`);
  return instant;
}

/** Whatever is not as {@link AuditRecord} has it was not written by this version; it is shown as JSON. */
function readDetail(detail: Prisma.JsonValue): AuditEntry['detail'] {
  const entries = Object.entries(typeof detail === 'object' && detail !== null ? detail : { value: detail });
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'object' && value !== null ? JSON.stringify(value) : (value ?? null)]),
  );
}
