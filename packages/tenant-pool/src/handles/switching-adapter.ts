import type { SqlDriverAdapter, SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import { NoTenantError } from '../errors.ts';
import { carrying } from './carried-error.ts';

const identity = { provider: 'postgres', adapterName: 'tenantry' } as const;

/**
 * A driver adapter without a connection of its own: each call goes to the adapter that `current` names at that moment. A
 * transaction, once started, stays with the adapter it was started on.
 */
export function switchingAdapterFactory(current: () => SqlDriverAdapter | undefined): SqlDriverAdapterFactory {
  const target = (): SqlDriverAdapter => present(current());
  const adapter: SqlDriverAdapter = {
    ...identity,
    queryRaw: carrying(async (query) => await target().queryRaw(query)),
    executeRaw: carrying(async (query) => await target().executeRaw(query)),
    executeScript: carrying(async (script) => await target().executeScript(script)),
    startTransaction: carrying(async (isolationLevel) => await target().startTransaction(isolationLevel)),
    getConnectionInfo: () => ({ schemaName: 'public', supportsRelationJoins: true }),
    dispose: async () => {},
  };
  return { ...identity, connect: async () => adapter };
}

/** @throws {NoTenantError} when there is none */
export function present(adapter: SqlDriverAdapter | undefined): SqlDriverAdapter {
  if (!adapter) throw new NoTenantError('A query was made outside every tenant. Use the `db` of a lease.');
  return adapter;
}
