import type { Prisma, TenantStatus } from '@tenantry/prisma/control';
import { z } from 'zod';
import type { LongWork } from '../backups/long-work.ts';
import { writeAudit } from '../catalog/audit.ts';
import { BackupRefusedError, TenantInTransitionError } from '../errors.ts';
import { allowed, recordingRefusals, type Request } from '../life/change-tenant.ts';
import { assertNotDeleted, findSagaUnderWay, lockTenant, type LockedTenant } from '../life/locked-tenant.ts';
import { clusterOf } from '../life/tenant-work.ts';
import { parseOrRefuse } from '../parse-or-refuse.ts';
import type { Actor } from '../tenant.ts';
import type { Backup, BackUpOptions } from './backup.ts';
import { recordingFailure } from './recording-failure.ts';
import type { BackupServices } from './services.ts';
import { insertBackup, newBackup, writeBackup, type NewBackup } from './write-backup.ts';
import { whileWriting } from './writers-lock.ts';

const formats = { copy: 'COPY', pg_dump: 'PG_DUMP' } as const;
const formatSchema = z.enum(['copy', 'pg_dump'], 'must be "copy" or "pg_dump"').transform((format) => formats[format]);

/** Whose database is there and can be connected to. */
const backable: ReadonlySet<TenantStatus> = new Set(['ACTIVE', 'SUSPENDED']);

/** See {@link BackupOperations.backUpTenant}. */
export async function backUpTenant(id: string, actor: Actor, options: BackUpOptions, services: BackupServices): Promise<Backup> {
  const format = parseOrRefuse(formatSchema, options.format ?? 'copy', 'format');
  return await backUpAs({ id, action: 'backup.create', actor }, newBackup('MANUAL', format, options.backupId), services, options);
}

/**
 * Backs a tenant up, on record.
 *
 * @param assertWanted asked again while nobody changes the tenant
 * @throws what {@link BackupOperations.backUpTenant} throws, and what `assertWanted` does
 */
export async function backUpAs(
  request: Request,
  backup: NewBackup,
  services: BackupServices,
  work: LongWork,
  assertWanted: (tx: Prisma.TransactionClient) => Promise<void> = async () => {},
): Promise<Backup> {
  return await whileWriting(services.controlDatabaseUrl, backup.id, work.signal, async (signal) => {
    const tenant = await recordingRefusals(request, services.catalog, async () => {
      return await services.db.$transaction(async (tx) => {
        const locked = await lockTenant(tx, request.id);
        await assertCanBeBackedUp(tx, locked);
        clusterOf(locked, services);
        await assertWanted(tx);
        await insertBackup(tx, locked, backup, services);
        await writeAudit(tx, allowed(request, { backup: backup.id, reason: backup.reason, format: backup.format }));
        return locked;
      });
    });
    return await recordingFailure(request, backup.id, services, async () => {
      return await writeBackup(tenant, backup, services, { onProgress: work.onProgress, signal });
    });
  });
}

/** @throws {TenantDeletedError} {TenantInTransitionError} {BackupRefusedError} */
async function assertCanBeBackedUp(tx: Prisma.TransactionClient, tenant: LockedTenant): Promise<void> {
  assertNotDeleted(tenant);
  const { id, slug, status } = tenant;
  const saga = await findSagaUnderWay(tx, id);
  // A rotation leaves the database as it is; the others end sessions in it.
  if (saga && saga.kind !== 'ROTATE') throw new TenantInTransitionError(slug, saga.kind);
  if (!backable.has(status)) throw new BackupRefusedError(slug, status, 'backed up');
}
