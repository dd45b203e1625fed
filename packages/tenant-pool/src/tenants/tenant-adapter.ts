import type { SqlDriverAdapter, SqlQuery, SqlQueryable, Transaction } from '@prisma/driver-adapter-utils';
import type { TenantGate } from './tenant-gate.ts';

export interface TenantAdapterOptions {
  adapter: SqlDriverAdapter;
  /** Passed by whatever needs a connection: a statement of its own, or a transaction. */
  gate: TenantGate;
  /** Told of each statement after it ran, whether or not it succeeded. The wait for a connection does not count. */
  onStatement: (sql: string, durationMs: number) => void;
}

/** An adapter whose work passes the tenant's gate, and that says which statements ran how long. */
export function tenantAdapter({ adapter, gate, onStatement }: TenantAdapterOptions): SqlDriverAdapter {
  const timed = async <Result>(sql: string, run: () => Promise<Result>): Promise<Result> => {
    const start = performance.now();
    try {
      return await run();
    } finally {
      onStatement(sql, performance.now() - start);
    }
  };
  const connected = async <Result>(sql: string, run: () => Promise<Result>): Promise<Result> => {
    const passage = await gate.enter();
    try {
      const result = await timed(sql, run);
      passage.leave();
      return result;
    } catch (error) {
      passage.leave(error);
      throw error;
    }
  };
  const { provider, adapterName } = adapter;

  const begun = (transaction: Transaction, done: () => void): Transaction => ({
    provider,
    adapterName,
    options: transaction.options,
    ...statements(transaction, timed),
    commit: async () => await transaction.commit().finally(done),
    rollback: async () => await transaction.rollback().finally(done),
    ...savepoints(transaction, timed),
  });

  return {
    provider,
    adapterName,
    ...statements(adapter, connected),
    executeScript: async (script) => await connected(script, async () => await adapter.executeScript(script)),
    startTransaction: async (isolationLevel) => {
      const passage = await gate.enter();
      try {
        const transaction = await timed('BEGIN', async () => await adapter.startTransaction(isolationLevel));
        passage.reached();
        return begun(transaction, () => passage.leave());
      } catch (error) {
        passage.leave(error);
        throw error;
      }
    },
    dispose: async () => await adapter.dispose(),
  };
}

type Run = <Result>(sql: string, run: () => Promise<Result>) => Promise<Result>;

/** Those methods that the driver has: Prisma refuses what would need another. */
function savepoints(transaction: Transaction, run: Run): Partial<Transaction> {
  const timed = (sql: string, method: (name: string) => Promise<void> | undefined) => async (name: string) =>
    await run(`${sql} ${name}`, async () => await method(name));
  return {
    ...('createSavepoint' in transaction && {
      createSavepoint: timed('SAVEPOINT', (name) => transaction.createSavepoint?.(name)),
    }),
    ...('rollbackToSavepoint' in transaction && {
      rollbackToSavepoint: timed('ROLLBACK TO SAVEPOINT', (name) => transaction.rollbackToSavepoint?.(name)),
    }),
    ...('releaseSavepoint' in transaction && {
      releaseSavepoint: timed('RELEASE SAVEPOINT', (name) => transaction.releaseSavepoint?.(name)),
    }),
  };
}

function statements(queryable: SqlQueryable, run: Run): Pick<SqlQueryable, 'queryRaw' | 'executeRaw'> {
  return {
    queryRaw: (query: SqlQuery) => run(query.sql, () => queryable.queryRaw(query)),
    executeRaw: (query: SqlQuery) => run(query.sql, () => queryable.executeRaw(query)),
  };
}
