import type { Prisma, Tenant as TenantRow, TenantStatus } from '@tenantry/prisma/control';
import { schemaText } from '@tenantry/prisma';
import { BadInputError, canonicalUuid } from '@tenantry/service';
import { exportData, type ExportManifest } from '../backups/export/export-data.ts';
import type { LongWork } from '../backups/long-work.ts';
import type { BackupStore } from '../backups/stores/backup-store.ts';
import { removeBackup as removeStored } from '../backups/stored-backups.ts';
import { asOwner } from '../credentials/as-owner.ts';
import { BackupsMissingError, ExportOvertakenError, ExportRefusedError, TenantInTransitionError } from '../errors.ts';
import { allowed, recordingRefusals, type Request } from '../life/change-tenant.ts';
import { findSagaUnderWay, lockTenant, type LockedTenant } from '../life/locked-tenant.ts';
import type { LifeServices } from '../life/services.ts';
import { clusterOf } from '../life/tenant-work.ts';
import type { Actor } from '../tenant.ts';
import { whileExporting } from './exporters-lock.ts';
import { exportsFolder, newExportKey } from './stored-exports.ts';

export interface ExportTenantOptions extends LongWork {
  /** Where it is written to, for somebody who takes it along: no erasure reaches it there. Default: the store of the installation. */
  readonly store?: BackupStore | undefined;
  /** Folder in the store; what is in it is replaced. Default: one of its own, `exports/<id of the tenant>/<instant>`. */
  readonly key?: string | undefined;
}

/** A tenant's data, given out. */
export interface TenantExport {
  readonly tenantId: string;
  /** Name of the store, as BACKUP_STORE gives it. */
  readonly store: string;
  /** Its folder in the store. */
  readonly key: string;
  /** SHA-256, in hexadecimal, of its manifest, which holds those of all other files. */
  readonly checksum: string;
  readonly manifest: ExportManifest;
}

/**
 * Gives out all of a tenant's data, as it is at one moment, while it is used: NDJSON for each model, and a manifest. It is read with the
 * rights of the tenant. That it was asked for is on record before anything is read.
 *
 * @throws {TenantNotFoundError} {ExportRefusedError} {TenantInTransitionError} {BackupsMissingError} {ExportOvertakenError} {BadInputError}
 * {BackupFormatError} {BackupStoreError} {ClusterMissingError}, and the signal's reason; nothing is left in the store then
 */
export async function exportTenant(
  id: string,
  actor: Actor,
  { store: elsewhere, key: wanted, ...work }: ExportTenantOptions,
  services: LifeServices,
): Promise<TenantExport> {
  const request = { id, action: 'tenant.export', actor };
  // Before it is looked whether that is a time for exports: whoever erases them waits for those who began earlier.
  return await whileExporting(services.controlDatabaseUrl, canonicalUuid(id) ?? '', work.signal, async (signal) => {
    const { tenant, store, key } = await recordingRefusals(request, services.catalog, async () => {
      const found = await services.db.$transaction(async (tx) => await lockExportable(tx, id));
      return { tenant: found, ...place(found.id, { store: elsewhere, key: wanted }, services) };
    });
    const cluster = clusterOf(tenant, services);
    // Not where an outside export goes: a path on somebody's machine may tell who the tenant is.
    await services.catalog.recordAudit(allowed(request, elsewhere ? { kept: false } : { store: store.name, key }));
    return await recordingFailure(request, services, async () => {
      const target = { store, key, tenantId: tenant.id, prismaSchema: schemaText('tenant') };
      const { manifest, checksum } = await asOwner(cluster, tenant, async (url) => await exportData({ url, ...target, ...work, signal }));
      if (!elsewhere) await removeIfOvertaken(tenant.id, store, key, services);
      return { tenantId: tenant.id, store: store.name, key, checksum, manifest };
    });
  });
}

/** What to do about a status before the data can be read. */
const remedies: Partial<Record<TenantStatus, string>> = {
  HIBERNATED: 'wake it first',
  DELETED: 'nothing is left of it',
  FAILED: 'see what "tenantry doctor" says of it',
};

/** A change under way ends soon; then the data can be read. */
const retryAfterMs = 5000;

/** @throws {TenantNotFoundError} {ExportRefusedError} {TenantInTransitionError} */
async function lockExportable(tx: Prisma.TransactionClient, id: string): Promise<LockedTenant> {
  const tenant = await lockTenant(tx, id);
  const underWay = await findSagaUnderWay(tx, tenant.id);
  if (underWay?.kind === 'PURGE') throw new TenantInTransitionError(tenant.slug, underWay.kind);
  assertExportable(tenant);
  return tenant;
}

function assertExportable({ slug, status, statusBefore }: TenantRow): void {
  if (status === 'ACTIVE' || status === 'SUSPENDED') return;
  if (status === 'DELETING') {
    // Within the days of grace the database is as it was.
    if (statusBefore === 'ACTIVE' || statusBefore === 'SUSPENDED') return;
    throw new ExportRefusedError(slug, status, 'restore it first, and see to what it is then');
  }
  const remedy = remedies[status];
  throw new ExportRefusedError(slug, status, remedy ?? 'wait until it is ACTIVE', remedy === undefined ? { retryAfterMs } : {});
}

function place(
  tenantId: string,
  { store: elsewhere, key }: Pick<ExportTenantOptions, 'store' | 'key'>,
  { store: own }: LifeServices,
): { store: BackupStore; key: string } {
  const store = elsewhere ?? own;
  if (!store) throw new BackupsMissingError();
  const folder = exportsFolder(tenantId);
  if (!elsewhere && key !== undefined && !key.startsWith(`${folder}/`)) {
    throw new BadInputError(`An export in the store of the installation has a key that begins with ${folder}/.`);
  }
  return { store, key: key ?? newExportKey(tenantId, new Date()) };
}

/** What was whole before the erasure began, that removes; what got whole later, nobody else would. */
async function removeIfOvertaken(tenantId: string, store: BackupStore, key: string, { db }: LifeServices): Promise<void> {
  const purges = await db.saga.count({ where: { tenantId, kind: 'PURGE' } });
  if (purges === 0) return;
  await removeStored(store, key);
  throw new ExportOvertakenError(tenantId);
}

async function recordingFailure<Result>(request: Request, { catalog, logger }: LifeServices, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const detail = { reason: error instanceof Error ? error.name : 'unknown' };
    await catalog
      .recordAudit({ ...allowed(request, detail), outcome: 'FAILED' })
      .catch((err: unknown) => logger.error({ err, tenantId: request.id }, 'that an export failed could not be recorded'));
    throw error;
  }
}
