import type { Connection, PageArguments } from '@tenantry/subgraph-kit';
import type { Backup, BackupFilter, BackupPosition } from '@tenantry/tenant-control';
import type { TenantsContext } from './context.ts';
import { connectionByInstant } from './instant-connection.ts';

type BackupPageArguments = Pick<PageArguments, 'first' | 'after'>;

export interface ListBackupsArguments extends BackupPageArguments {
  filter?: BackupFilter | null;
}

const newestFirst = {
  name: 'backups:started-at:desc',
  instantOf: ({ startedAt }: Backup) => startedAt,
  positionOf: (startedAt: Date, id: string): BackupPosition => ({ startedAt, id }),
};

/** A Relay connection over the backups, the newest first. */
export async function listBackups({ filter, ...page }: ListBackupsArguments, { catalog }: TenantsContext): Promise<Connection<Backup>> {
  return await connectionByInstant(page, {
    ...newestFirst,
    list: async (options) => await catalog.listBackups({ ...options, filter }),
    count: async () => await catalog.countBackups(filter),
  });
}

/** As {@link listBackups}, over those of one tenant of many that are asked for together. */
export async function listBackupsOf(
  tenantId: string,
  page: BackupPageArguments,
  { backups }: Pick<TenantsContext, 'backups'>,
): Promise<Connection<Backup>> {
  return await connectionByInstant(page, {
    ...newestFirst,
    list: async (options) => await backups.load(tenantId, options),
    count: async () => await backups.count(tenantId),
  });
}
