import { manifestKey } from './manifest.ts';
import type { BackupStore } from './stores/backup-store.ts';

/** Keys of the finished backups and exports below a folder of the store, in no particular order. */
export async function* listBackups(store: BackupStore, folder: string): AsyncGenerator<string> {
  const end = manifestKey('');
  for await (const { key } of store.list(folder)) {
    if (key.endsWith(end)) yield key.slice(0, -end.length);
  }
}

/** Removes a backup or an export. One of which some files could not be removed is none any more. */
export async function removeBackup(store: BackupStore, key: string): Promise<void> {
  await store.remove(manifestKey(key));
  await store.remove(key);
}
