import { randomUUID } from 'node:crypto';
import type { BackupFormat, BackupReason, Prisma, Tenant as TenantRow } from '@tenantry/prisma/control';
import { TenantryError } from '@tenantry/service';
import { dumpDatabase, type StoredBackup } from '../backups/dump-database.ts';
import type { LongWork } from '../backups/long-work.ts';
import { asOwner } from '../credentials/as-owner.ts';
import { BackupFailedError, BackupFormatError } from '../errors.ts';
import { clusterOf } from '../life/tenant-work.ts';
import { SignOfLifeLostError } from '../postgres/sign-of-life.ts';
import type { Backup } from './backup.ts';
import { findCatalogued } from './backup-list.ts';
import { backupKey } from './keys.ts';
import type { BackupServices } from './services.ts';
import { whileWriting } from './writers-lock.ts';

/** A backup that is to be made. */
export interface NewBackup {
  readonly id: string;
  readonly reason: BackupReason;
  readonly format: BackupFormat;
}

export function newBackup(reason: BackupReason, format: BackupFormat, id: string = randomUUID()): NewBackup {
  return { id, reason, format };
}

/** Has the catalog know of a backup that is being made; to be called by who holds its {@link whileWriting}. */
export async function insertBackup(
  tx: Prisma.TransactionClient,
  { id: tenantId, tier, schemaVersion }: TenantRow,
  { id, reason, format }: NewBackup,
  { store, policy }: Pick<BackupServices, 'store' | 'policy'>,
): Promise<void> {
  const keepDays = reason === 'MANUAL' ? null : policy[tier].keepDays;
  await tx.$executeRaw`
    INSERT INTO backups (id, tenant_id, format, reason, store, key, schema_version, expires_at)
    VALUES (${id}::uuid, ${tenantId}::uuid, ${format}::"BackupFormat", ${reason}::"BackupReason", ${store.name},
      ${backupKey(tenantId, id)}, ${schemaVersion ?? ''}, now() + make_interval(days => ${keepDays}::int))`;
}

/**
 * Makes the files of a backup that {@link insertBackup} has told of. Whatever stops it, its row says so, and no file remains.
 *
 * @param tenant with the name of the database that is backed up
 * @throws {ClusterMissingError} {BackupFormatError} {BackupStoreError} {BackupFailedError}, and the signal's reason
 */
export async function writeBackup(tenant: TenantRow, backup: NewBackup, services: BackupServices, work: LongWork): Promise<Backup> {
  try {
    return await finish(tenant, backup, await dump(tenant, backup, services, work), services);
  } catch (error) {
    await fail(tenant, backup, error, services);
    if (error instanceof TenantryError) throw error;
    const isAsked = work.signal?.aborted === true && !(error instanceof SignOfLifeLostError);
    throw isAsked ? error : new BackupFailedError(tenant.slug, error);
  }
}

/** Makes a backup by COPY or, where that cannot hold what there is, by `pg_dump`. */
export async function inEitherFormat<Result>(make: (format: BackupFormat) => Promise<Result>): Promise<Result> {
  try {
    return await make('COPY');
  } catch (error) {
    if (!(error instanceof BackupFormatError)) throw error;
    return await make('PG_DUMP');
  }
}

/** Backs up a database of a tenant, for a change that has the tenant to itself. @throws as {@link writeBackup} */
export async function backUpWithin(
  tenant: TenantRow,
  reason: BackupReason,
  services: BackupServices,
  work: LongWork = {},
): Promise<Backup> {
  return await inEitherFormat(async (format) => {
    const backup = newBackup(reason, format);
    return await whileWriting(services.controlDatabaseUrl, backup.id, work.signal, async (signal) => {
      await services.db.$transaction(async (tx) => await insertBackup(tx, tenant, backup, services));
      return await writeBackup(tenant, backup, services, { ...work, signal });
    });
  });
}

async function dump(tenant: TenantRow, { id, format }: NewBackup, services: BackupServices, work: LongWork): Promise<StoredBackup> {
  const { id: tenantId } = tenant;
  const target = { store: services.store, key: backupKey(tenantId, id), tenantId, format };
  return await asOwner(clusterOf(tenant, services), tenant, async (url) => await dumpDatabase({ url, ...target, ...work }));
}

async function finish(tenant: TenantRow, { id }: NewBackup, stored: StoredBackup, { db, store }: BackupServices): Promise<Backup> {
  const { manifest, checksum } = stored;
  const count = await db.$executeRaw`
    UPDATE backups SET state = 'DONE', schema_version = ${manifest.schemaVersion ?? ''}, bytes = ${manifest.storedBytes}::bigint,
      checksum = ${checksum}, finished_at = now()
    WHERE id = ${id}::uuid AND state = 'RUNNING' AND error IS NULL`;
  const backup = count === 0 ? null : await findCatalogued(db, id);
  if (backup) return backup;
  await store.remove(backupKey(tenant.id, id));
  throw new Error('The backup was given up by others, who took this process for dead.');
}

/** What cannot be removed is left for whoever looks for what nobody writes any more. */
async function fail({ id: tenantId }: TenantRow, { id }: NewBackup, cause: unknown, { db, store, logger }: BackupServices): Promise<void> {
  const error = cause instanceof Error ? cause.message : String(cause);
  try {
    await db.backup.updateMany({ where: { id, state: 'RUNNING' }, data: { error } });
    await store.remove(backupKey(tenantId, id));
    await db.$executeRaw`UPDATE backups SET state = 'FAILED', finished_at = now() WHERE id = ${id}::uuid AND state = 'RUNNING'`;
  } catch (err) {
    logger.warn({ err, backup: id, tenantId }, 'what a backup that failed has left could not be removed; it is tried again');
  }
}
