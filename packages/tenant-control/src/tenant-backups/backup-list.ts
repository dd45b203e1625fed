import { Prisma, type Backup as BackupRow, type BackupState, type PrismaClient } from '@tenantry/prisma/control';
import { BadInputError, canonicalUuid } from '@tenantry/service';
import { pageBy, type PageOptions } from '../catalog/page.ts';
import type { Backup } from './backup.ts';

/** Conditions that must all hold. */
export interface BackupFilter {
  readonly tenantId?: string | null | undefined;
  readonly state?: BackupState | null | undefined;
}

/** Where a backup stands in the list: the newest first. */
export type BackupPosition = Pick<Backup, 'startedAt' | 'id'>;

export interface ListBackupsOptions extends PageOptions<BackupPosition> {
  readonly filter?: BackupFilter | null | undefined;
}

export interface BackupCount {
  readonly tenantId: string;
  readonly count: number;
}

const newestFirst = { instant: 'startedAt', key: 'id', direction: 'desc' } as const;

/** @throws {BadInputError} when the filter's tenantId is no id */
export async function listCatalogued(db: PrismaClient, { filter, ...page }: ListBackupsOptions): Promise<Backup[]> {
  const { beyond, inOrder } = pageBy(newestFirst, page);
  const rows = await db.backup.findMany({ where: { AND: [matches(filter ?? {}), beyond] }, ...inOrder });
  return rows.map(toBackup);
}

/** @throws {BadInputError} as {@link listCatalogued} */
export async function countCatalogued(db: PrismaClient, filter: BackupFilter | null | undefined): Promise<number> {
  return await db.backup.count({ where: matches(filter ?? {}) });
}

/** Of each tenant a page, the newest first. Two SQL statements. An id that names none has none. */
export async function listEachCatalogued(
  db: PrismaClient,
  tenantIds: readonly string[],
  { limit, after }: PageOptions<BackupPosition>,
): Promise<Backup[]> {
  const beyond = after ? Prisma.sql`AND (started_at, id) < (${after.startedAt}::timestamptz, ${after.id}::uuid)` : Prisma.empty;
  const listed = await db.$queryRaw<{ id: string }[]>`
    SELECT listed.id FROM unnest(${idsOf(tenantIds)}::uuid[]) AS wanted (tenant_id) CROSS JOIN LATERAL (
      SELECT id FROM backups WHERE backups.tenant_id = wanted.tenant_id ${beyond} ORDER BY started_at DESC, id DESC LIMIT ${limit}) AS listed`;
  const rows = await db.backup.findMany({
    where: { id: { in: listed.map(({ id }) => id) } },
    orderBy: [{ startedAt: 'desc' }, { id: 'desc' }],
  });
  return rows.map(toBackup);
}

/** How many each tenant has; who has none is left out. One SQL statement. */
export async function countEachCatalogued(db: PrismaClient, tenantIds: readonly string[]): Promise<BackupCount[]> {
  const counts = await db.backup.groupBy({ by: ['tenantId'], where: { tenantId: { in: idsOf(tenantIds) } }, _count: true });
  return counts.map(({ tenantId, _count: count }) => ({ tenantId, count }));
}

/** Null when there is none, also for what is no id. */
export async function findCatalogued(db: Pick<PrismaClient, 'backup'>, backupId: string): Promise<Backup | null> {
  const id = canonicalUuid(backupId);
  const row = id === null ? null : await db.backup.findUnique({ where: { id } });
  return row && toBackup(row);
}

export function toBackup({ bytes, ...row }: BackupRow): Backup {
  return { ...row, bytes: bytes === null ? null : Number(bytes) };
}

function idsOf(tenantIds: readonly string[]): string[] {
  return tenantIds.map(canonicalUuid).filter((id) => id !== null);
}

function matches({ tenantId, state }: BackupFilter): Prisma.BackupWhereInput {
  return { ...(tenantId != null && { tenantId: demandUuid(tenantId) }), ...(state != null && { state }) };
}

function demandUuid(text: string): string {
  const id = canonicalUuid(text);
  if (id === null) throw new BadInputError("`filter.tenantId` must be a tenant's id (a UUID).");
  return id;
}
