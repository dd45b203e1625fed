import type { SqlDriverAdapter, SqlQuery, SqlQueryable, Transaction } from '@prisma/driver-adapter-utils';

export interface TenantAdapterOptions {
  adapter: SqlDriverAdapter;
  /** Announces work that needs a connection of its own; the result is called when the work is done. */
  demand: () => () => void;
  /** Told of each statement after it ran, whether or not it succeeded. */
  onStatement: (sql: string, durationMs: number) => void;
}

/** An adapter that says what it does: which calls need a connection, and which statements ran how long. */
export function tenantAdapter({ adapter, demand, onStatement }: TenantAdapterOptions): SqlDriverAdapter {
  const timed = async <Result>(sql: string, run: () => Promise<Result>): Promise<Result> => {
    const start = performance.now();
    try {
      return await run();
    } finally {
      onStatement(sql, performance.now() - start);
    }
  };
  const connected = async <Result>(sql: string, run: () => Promise<Result>): Promise<Result> => {
    const done = demand();
    try {
      return await timed(sql, run);
    } finally {
      done();
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
    createSavepoint: async (name) => await timed(`SAVEPOINT ${name}`, async () => await transaction.createSavepoint?.(name)),
    rollbackToSavepoint: async (name) =>
      await timed(`ROLLBACK TO SAVEPOINT ${name}`, async () => await transaction.rollbackToSavepoint?.(name)),
    releaseSavepoint: async (name) => await timed(`RELEASE SAVEPOINT ${name}`, async () => await transaction.releaseSavepoint?.(name)),
  });

  return {
    provider,
    adapterName,
    ...statements(adapter, connected),
    executeScript: async (script) => await connected(script, async () => await adapter.executeScript(script)),
    startTransaction: async (isolationLevel) => {
      const done = demand();
      try {
        return begun(await timed('BEGIN', async () => await adapter.startTransaction(isolationLevel)), done);
      } catch (error) {
        done();
        throw error;
      }
    },
    dispose: async () => await adapter.dispose(),
  };
}

type Run = <Result>(sql: string, run: () => Promise<Result>) => Promise<Result>;

function statements(queryable: SqlQueryable, run: Run): Pick<SqlQueryable, 'queryRaw' | 'executeRaw'> {
  return {
    queryRaw: async (query: SqlQuery) => await run(query.sql, async () => await queryable.queryRaw(query)),
    executeRaw: async (query: SqlQuery) => await run(query.sql, async () => await queryable.executeRaw(query)),
  };
}
