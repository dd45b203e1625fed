import type { Connection, PageArguments } from '@tenantry/subgraph-kit';
import type { Backup, BackupFilter } from '@tenantry/tenant-control';
import type { TenantsContext } from './context.ts';
import { connectionByInstant } from './instant-connection.ts';

export interface ListBackupsArguments extends Pick<PageArguments, 'first' | 'after'> {
  filter?: BackupFilter | null;
}

/** A Relay connection over the backups, the newest first. */
export async function listBackups({ filter, ...page }: ListBackupsArguments, { catalog }: TenantsContext): Promise<Connection<Backup>> {
  return await connectionByInstant(page, {
    name: 'backups:started-at:desc',
    instantOf: ({ startedAt }) => startedAt,
    positionOf: (startedAt, id) => ({ startedAt, id }),
    list: async (options) => await catalog.listBackups({ ...options, filter }),
    count: async () => await catalog.countBackups(filter),
  });
}
