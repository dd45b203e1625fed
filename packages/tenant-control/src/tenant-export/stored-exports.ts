import { randomBytes } from 'node:crypto';
import { manifestKey } from '../backups/manifest.ts';
import type { BackupStore } from '../backups/stores/backup-store.ts';

/** An export in the store of the installation, as far as the store tells. */
export interface StoredExport {
  readonly tenantId: string;
  /** Name of the store, as BACKUP_STORE gives it. */
  readonly store: string;
  /** Its folder in the store. */
  readonly key: string;
  readonly files: number;
  /** Of all files together. */
  readonly bytes: number;
  /** When it was whole; null for one that is not, because somebody writes it or has died over it. */
  readonly finishedAt: Date | null;
}

/** Where a tenant's exports are, and nothing else: there is no other list of them. */
export function exportsFolder(tenantId: string): string {
  return `exports/${tenantId}`;
}

/** A key that no other export has. */
export function newExportKey(tenantId: string, at: Date): string {
  const moment = at.toISOString().replaceAll(/[^\dTZ]/g, '');
  return `${exportsFolder(tenantId)}/${moment}-${randomBytes(4).toString('hex')}`;
}

/** The newest first. @throws {BackupStoreError} */
export async function listStoredExports(store: BackupStore, tenantId: string): Promise<StoredExport[]> {
  const found = new Map<string, StoredExport>();
  const depth = exportsFolder(tenantId).split('/').length + 1;
  for await (const file of store.list(exportsFolder(tenantId))) {
    const key = file.key.split('/').slice(0, depth).join('/');
    const { files = 0, bytes = 0, finishedAt = null } = found.get(key) ?? {};
    const whole = file.key === manifestKey(key) ? file.modifiedAt : finishedAt;
    found.set(key, { tenantId, store: store.name, key, files: files + 1, bytes: bytes + file.bytes, finishedAt: whole });
  }
  return [...found.values()].toSorted((one, other) => (one.key < other.key ? 1 : -1));
}
