import { ColumnTypeEnum, type SqlDriverAdapter, type SqlResultSet, type Transaction } from '@prisma/driver-adapter-utils';

const identity = { provider: 'postgres', adapterName: 'made-up' } as const;
const done = async () => {};
const executeRaw = async (): Promise<number> => 1;

/** An adapter whose every answer is the one row `{ id }`. */
export function madeUpAdapter(id: string): SqlDriverAdapter {
  const queryRaw = async (): Promise<SqlResultSet> => ({ columnNames: ['id'], columnTypes: [ColumnTypeEnum.Text], rows: [[id]] });
  const transaction: Transaction = { ...identity, options: { usePhantomQuery: true }, queryRaw, executeRaw, commit: done, rollback: done };
  return { ...identity, queryRaw, executeRaw, executeScript: done, startTransaction: async () => transaction, dispose: done };
}
