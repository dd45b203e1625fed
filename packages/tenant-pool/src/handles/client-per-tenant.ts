import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils';
import type { TenantClientModule, TenantClientOptions } from './client-module.ts';
import { openHandle } from './open-handle.ts';
import type { Route } from './operation.ts';
import { present, switchingAdapterFactory } from './switching-adapter.ts';
import type { TenantClients } from './tenant-clients.ts';

const direct: Omit<Route, 'query'> = { run: async (work) => await work(), send: ({ args, query }) => query(args) };

/** A Prisma client for each tenant: nothing of one is within reach of another, whatever Prisma does. */
export function clientPerTenant({ PrismaClient }: TenantClientModule, options: Omit<TenantClientOptions, 'adapter'>): TenantClients {
  return {
    open: (adapter) => {
      let target: SqlDriverAdapter | undefined = adapter;
      // A client that was disconnected would connect again by itself; it finds no adapter then.
      const client = new PrismaClient({ ...options, adapter: switchingAdapterFactory(() => target) });
      const route: Route = { ...direct, query: async (statement) => await present(target).queryRaw(statement) };
      return {
        handleFor: (grant) => openHandle({ client, route, grant }),
        [Symbol.asyncDispose]: async () => {
          target = undefined;
          await client.$disconnect();
        },
      };
    },
    [Symbol.asyncDispose]: async () => {},
  };
}
