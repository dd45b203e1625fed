import type { BackupStore } from './backup-store.ts';
import { openFolderStore } from './folder-store.ts';
import type { BackupStoreConfig } from './store-config.ts';

export async function openBackupStore(config: BackupStoreConfig): Promise<BackupStore> {
  if (config.kind === 'folder') return openFolderStore(config.path);
  // The SDK takes time and memory that a process without such a store is spared.
  const { openS3Store } = await import('./s3-store.ts');
  return openS3Store(config);
}
