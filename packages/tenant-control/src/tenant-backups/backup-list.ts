import type { Backup as BackupRow, BackupState, Prisma, PrismaClient } from '@tenantry/prisma/control';
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

/** Null when there is none, also for what is no id. */
export async function findCatalogued(db: Pick<PrismaClient, 'backup'>, backupId: string): Promise<Backup | null> {
  const id = canonicalUuid(backupId);
  const row = id === null ? null : await db.backup.findUnique({ where: { id } });
  return row && toBackup(row);
}

export function toBackup({ bytes, ...row }: BackupRow): Backup {
  return { ...row, bytes: bytes === null ? null : Number(bytes) };
}

function matches({ tenantId, state }: BackupFilter): Prisma.BackupWhereInput {
  return { ...(tenantId != null && { tenantId: demandUuid(tenantId) }), ...(state != null && { state }) };
}

function demandUuid(text: string): string {
  const id = canonicalUuid(text);
  if (id === null) throw new BadInputError("`filter.tenantId` must be a tenant's id (a UUID).");
  return id;
}
