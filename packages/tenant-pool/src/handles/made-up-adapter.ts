import type { SqlDriverAdapter, SqlResultSet, Transaction } from '@prisma/driver-adapter-utils';

const identity = { provider: 'postgres', adapterName: 'made-up' } as const;
const done = async () => {};
const executeRaw = async (): Promise<number> => 1;

/** An adapter without a database: every query is answered by `result`. */
export function madeUpAdapter(result: SqlResultSet): SqlDriverAdapter {
  const queryRaw = async (): Promise<SqlResultSet> => result;
  const transaction: Transaction = { ...identity, options: { usePhantomQuery: true }, queryRaw, executeRaw, commit: done, rollback: done };
  return { ...identity, queryRaw, executeRaw, executeScript: done, startTransaction: async () => transaction, dispose: done };
}
