import type { BackupStore, StoredFile } from '../backups/stores/backup-store.ts';
import { backupsFolder } from '../tenant-backups/keys.ts';
import { exportsFolder } from '../tenant-export/stored-exports.ts';

/** All files of a tenant that are in the store, of its backups and of its exports. @throws {BackupStoreError} */
export async function* listStored(store: BackupStore, tenantId: string): AsyncGenerator<StoredFile> {
  for (const folder of [backupsFolder(tenantId), exportsFolder(tenantId)]) yield* store.list(folder);
}
