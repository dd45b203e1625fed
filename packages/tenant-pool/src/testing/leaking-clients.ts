import { AsyncLocalStorage } from 'node:async_hooks';
import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils';
import { PrismaClient } from '@tenantry/prisma/tenant';
import { openHandle } from '../handles/open-handle.ts';
import type { Route } from '../handles/operation.ts';
import { switchingAdapterFactory } from '../handles/switching-adapter.ts';
import type { EntryClient, TenantClients } from '../handles/tenant-clients.ts';

/** One Prisma client whose operations run where their handle says, and nothing else: Prisma batches the unique lookups of all tenants. */
export function batchingClients(): TenantClients {
  const current = new AsyncLocalStorage<SqlDriverAdapter>();
  const client = new PrismaClient({ adapter: switchingAdapterFactory(() => current.getStore()) });
  return {
    open: (adapter) => {
      const run: Route['run'] = async (work) => await current.run(adapter, async () => await work());
      const route: Route = {
        run,
        send: ({ args, query }) => run(() => query(args)),
        query: async (statement) => await adapter.queryRaw(statement),
      };
      return { handleFor: (grant) => openHandle({ client, route, grant }), [Symbol.asyncDispose]: async () => {} };
    },
    [Symbol.asyncDispose]: async () => await client.$disconnect(),
  };
}

/** Whoever is opened first is what all get. */
export function sameClientForAll(clients: TenantClients): TenantClients {
  let only: EntryClient | undefined;
  return { open: (adapter) => (only ??= clients.open(adapter)), [Symbol.asyncDispose]: async () => {} };
}
