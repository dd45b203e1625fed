import {
  DriverAdapterError,
  isDriverAdapterError,
  type SqlDriverAdapter,
  type SqlQuery,
  type SqlQueryable,
} from '@prisma/driver-adapter-utils';
import type { StatementNames } from './statement-names.ts';

/**
 * An adapter whose prepared statements outlive a change of the schema beneath them. Postgres plans them anew by itself, but keeps the
 * types of their parameters and results, and refuses them when those have changed ("cached plan must not change result type"). What
 * was refused was also undone: outside a transaction it is run once more, without its name; within one, which Postgres has ended, the
 * caller is told to begin again, by Prisma's P2034.
 */
export function replanningAdapter(adapter: SqlDriverAdapter, names: StatementNames): SqlDriverAdapter {
  const startTransaction = adapter.startTransaction.bind(adapter);
  const once = overridden(adapter, async (query, run) => {
    // Of those that are refused at the same time, on several connections, only the first finds the name still there.
    const { age } = names;
    try {
      return await run();
    } catch (error) {
      if (!names.wasNamed(query, age) || !mayBeThePlan(error)) throw error;
      names.distrust(query);
      return await run();
    }
  });
  return Object.assign(once, {
    startTransaction: async (isolationLevel?: Parameters<typeof startTransaction>[0]) =>
      overridden(await startTransaction(isolationLevel), async (query, run) => {
        const { age } = names;
        try {
          return await run();
        } catch (error) {
          if (!names.wasNamed(query, age) || !mayBeThePlan(error)) throw error;
          names.distrust(query);
          if (!isThePlan(error)) throw error;
          throw new DriverAdapterError({ ...error.cause, kind: 'TransactionWriteConflict' });
        }
      }),
  });
}

type Around = <Result>(query: SqlQuery, run: () => Promise<Result>) => Promise<Result>;

/** The same object, nobody else's yet, with `around` each of its statements. */
function overridden<Queryable extends SqlQueryable>(queryable: Queryable, around: Around): Queryable {
  const queryRaw = queryable.queryRaw.bind(queryable);
  const executeRaw = queryable.executeRaw.bind(queryable);
  return Object.assign(queryable, {
    queryRaw: (query: SqlQuery) => around(query, () => queryRaw(query)),
    executeRaw: (query: SqlQuery) => around(query, () => executeRaw(query)),
  });
}

/**
 * What a statement may be refused with because it was prepared before a change (PostgreSQL, Appendix A): feature not supported, invalid
 * statement name, access rule violation, internal error. Most of these are the statement's own fault more often than the plan's.
 */
const suspectCodes = /^(?:0A000|26000|42|XX000)/;

function mayBeThePlan(error: unknown): error is DriverAdapterError {
  return isDriverAdapterError(error) && suspectCodes.test(error.cause.originalCode ?? '');
}

function isThePlan({ cause: { originalCode } }: DriverAdapterError): boolean {
  return originalCode === '0A000' || originalCode === '26000';
}
