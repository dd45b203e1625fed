import { AsyncLocalStorage } from 'node:async_hooks';
import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils';
import type { TenantClientModule, TenantClientOptions } from './client-module.ts';
import { LookupRules } from './lookup-rules.ts';
import { madeUpAdapter } from './made-up-adapter.ts';
import { openHandle } from './open-handle.ts';
import type { Route } from './operation.ts';
import { present, switchingAdapterFactory } from './switching-adapter.ts';
import type { TenantClients } from './tenant-clients.ts';
import { unbatched } from './unbatched.ts';

const noDatabase = madeUpAdapter({ columnNames: [], columnTypes: [], rows: [] });

/**
 * One Prisma client for all tenants: whose database an operation reaches is where it runs, and it runs where its handle says.
 */
export function sharedClient({ PrismaClient }: TenantClientModule, options: Omit<TenantClientOptions, 'adapter'>): TenantClients {
  const current = new AsyncLocalStorage<SqlDriverAdapter | undefined>();
  const client = new PrismaClient({ ...options, adapter: switchingAdapterFactory(() => current.getStore()) });
  const send = unbatched(new LookupRules(client, async (work) => await current.run(noDatabase, work)));
  return {
    open: (adapter) => {
      let target: SqlDriverAdapter | undefined = adapter;
      // Awaited inside: a lazy promise takes the tenant from where it is awaited.
      const run: Route['run'] = (work) => current.run(target, async () => await work());
      const query: Route['query'] = async (statement) => await present(target).queryRaw(statement);
      const route: Route = { run, send: (operation) => run(() => send(operation)), query };
      return {
        handleFor: (grant) => openHandle({ client, route, grant }),
        [Symbol.asyncDispose]: async () => {
          target = undefined;
        },
      };
    },
    [Symbol.asyncDispose]: async () => await client.$disconnect(),
  };
}
