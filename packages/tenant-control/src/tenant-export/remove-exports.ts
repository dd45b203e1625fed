import { z } from 'zod';
import { noteRemoval } from '../erasure/removed.ts';
import type { TenantWork } from '../life/tenant-work.ts';
import { BackupsMissingError } from '../errors.ts';
import { untilNobodyExports } from './exporters-lock.ts';
import { exportsFolder, listStoredExports } from './stored-exports.ts';

/** An export in a store of the installation, as the audit log tells of it when it is made and when it is removed. */
const keptExport = z.object({ store: z.string(), key: z.string() });

/**
 * Removes all exports of a tenant from the store. Since its purge is on record, nobody begins one any more.
 *
 * @throws {BackupsMissingError} in a process without a store, where there may be any {BackupStoreError}
 */
export async function removeExports(work: TenantWork): Promise<void> {
  const { saga, services } = work;
  const { tenantId } = saga;
  const { store } = services;
  await untilNobodyExports(services.controlDatabaseUrl, tenantId);
  const kept = await findKept(work);
  if (store) {
    const exports = await listStoredExports(store, tenantId);
    await noteRemoval(work, { exports: exports.map(({ key, files, bytes }) => ({ store: store.name, key, files, bytes })) });
    await saga.remember({ exportsElsewhere: kept.filter((each) => each.store !== store.name) });
    await store.remove(exportsFolder(tenantId));
  } else if (kept.length > 0) {
    throw new BackupsMissingError();
  }
}

/** Those that were made and not removed, in whatever store was the installation's then. */
async function findKept({ saga: { tenantId }, services: { db } }: TenantWork): Promise<z.output<typeof keptExport>[]> {
  const of = async (action: string) => {
    const entries = await db.auditEntry.findMany({ where: { tenantId, action, outcome: 'ALLOWED' }, select: { detail: true } });
    return entries.flatMap(({ detail }) => keptExport.safeParse(detail).data ?? []);
  };
  const removed = new Set((await of('export.remove')).map(({ key }) => key));
  return (await of('tenant.export')).filter(({ key }) => !removed.has(key));
}
