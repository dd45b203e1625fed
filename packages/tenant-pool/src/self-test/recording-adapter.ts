import type { SqlDriverAdapter, SqlQuery, SqlQueryable } from '@prisma/driver-adapter-utils';

/** `adapter`, with `record` told of each statement before it runs, in and out of transactions. */
export function recordingAdapter(adapter: SqlDriverAdapter, record: (query: SqlQuery) => void): SqlDriverAdapter {
  const { provider, adapterName } = adapter;
  return {
    provider,
    adapterName,
    ...recorded(adapter, record),
    executeScript: async (script) => await adapter.executeScript(script),
    startTransaction: async (isolationLevel) => {
      const transaction = await adapter.startTransaction(isolationLevel);
      return {
        provider,
        adapterName,
        options: transaction.options,
        ...recorded(transaction, record),
        commit: async () => await transaction.commit(),
        rollback: async () => await transaction.rollback(),
      };
    },
    dispose: async () => {},
  };
}

function recorded(queryable: SqlQueryable, record: (query: SqlQuery) => void): Pick<SqlQueryable, 'queryRaw' | 'executeRaw'> {
  return {
    queryRaw: async (query) => {
      record(query);
      return await queryable.queryRaw(query);
    },
    executeRaw: async (query) => {
      record(query);
      return await queryable.executeRaw(query);
    },
  };
}
