import type { Resolvers } from '@tenantry/subgraph-kit';
import type { Backup, StoredExport, Tenant } from '@tenantry/tenant-control';
import { actorOf } from '../actor.ts';
import { listBackups, listBackupsOf, type ListBackupsArguments } from '../backup-list.ts';
import { backUpTenant, restoreBackup, verifyBackup, type BackUpArguments, type RestoreArguments } from '../backup-mutations.ts';
import type { TenantsContext } from '../context.ts';
import { eraseTenant, exportTenant, type EraseArguments } from '../data-rights.ts';

interface Arguments {
  readonly id: string;
}

/** Backups, exports and what remains of who was erased. */
export const backupResolvers = {
  Query: {
    backups: async (_parent, listArguments: ListBackupsArguments, context) => await listBackups(listArguments, context),
    backup: async (_parent, { id }: Arguments, { catalog }) => await catalog.findBackup(id),
    erasureCertificate: async (_parent, { tenantId }: { tenantId: string }, { catalog }) => await catalog.findErasureCertificate(tenantId),
  },
  Mutation: {
    backUpTenant: async (_parent, backUpArguments: BackUpArguments, context) => await backUpTenant(backUpArguments, context),
    verifyBackup: async (_parent, verifyArguments: Arguments, context) => await verifyBackup(verifyArguments, context),
    removeBackup: async (_parent, { id }: Arguments, { control, request }) => ({
      backup: await control().removeBackup(id, actorOf(request)),
    }),
    restoreBackup: async (_parent, restoreArguments: RestoreArguments, context) => await restoreBackup(restoreArguments, context),
    exportTenant: async (_parent, exportArguments: Arguments, context) => await exportTenant(exportArguments, context),
    removeTenantExport: async (_parent, { id, key }: Arguments & Pick<StoredExport, 'key'>, { control, request }) => ({
      export: await control().removeExport(id, key, actorOf(request)),
    }),
    eraseTenant: async (_parent, eraseArguments: EraseArguments, context) => await eraseTenant(eraseArguments, context),
  },
  Tenant: {
    backups: async ({ id }: Tenant, page: Omit<ListBackupsArguments, 'filter'>, context) => await listBackupsOf(id, page, context),
    exports: async ({ id }: Tenant, _arguments, { control }) => await control().findExports(id),
  },
  Backup: { tenant: async ({ tenantId }: Backup, _arguments, { tenants }) => await tenants.load(tenantId) },
} satisfies Resolvers<TenantsContext>;
