import { migrationsFolder } from '@tenantry/prisma';
import { dumpDatabase } from '../backups/dump-database.ts';
import { restoreDatabase } from '../backups/restore-database.ts';
import { openFolderStore } from '../backups/stores/folder-store.ts';
import type { TenantBackups } from '../life/tenant-backups.ts';
import { databaseUrl } from '../postgres/connection.ts';
import { namesOf } from '../tenant-databases/owned-database.ts';

/** The last backup of each tenant, in a folder. */
export function openFolderBackups(serverUrl: string, folder: string): TenantBackups {
  const store = openFolderStore(folder);
  const urlOf = (tenantId: string) => databaseUrl(serverUrl, namesOf(tenantId).databaseName);
  return {
    backUp: async (tenantId) => void (await dumpDatabase({ url: urlOf(tenantId), store, key: tenantId, tenantId })),
    restoreHibernated: async (tenantId) => {
      const url = new URL(urlOf(tenantId));
      url.searchParams.set('options', `-c role=${namesOf(tenantId).roleName}`);
      await restoreDatabase({ url: url.href, store, key: tenantId, migrationFolders: [migrationsFolder('tenant')] });
    },
    removeBackups: async (tenantId) => await store.remove(tenantId),
  };
}
