import { PrismaPg } from '@prisma/adapter-pg';
import { ColumnTypeEnum, DriverAdapterError } from '@prisma/driver-adapter-utils';
import { DatabaseError } from 'pg';

/** The columns of type `"char"` that the engine reads of `pg_constraint`. */
const charColumns = /\b(?:constr\.contype|con\.confdeltype|con\.confupdtype)\b/g;

const isChar = (column: string | undefined) => column === 'constraint_type' || column === 'confdeltype' || column === 'confupdtype';

/**
 * `PrismaPg` as the schema engine needs it. It differs in two points:
 *
 * - A script goes to Postgres in one piece, which runs it as one transaction: a migration that fails changes nothing. `PrismaPg`
 *   splits the text at every semicolon, breaks function bodies, strings and comments that hold one, and leaves half a migration.
 * - The engine can read the kinds of constraints, which are of a type, `"char"`, that `PrismaPg` refuses.
 */
export class EngineAdapter extends PrismaPg {
  /** What Postgres said of the last script, if it refused it. The engine repeats only a part of that. */
  scriptError: DatabaseError | null = null;

  override async connect(): ReturnType<PrismaPg['connect']> {
    const adapter = await super.connect();
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = async (query) => {
      const { columnNames, columnTypes, ...result } = await queryRaw({ ...query, sql: query.sql.replaceAll(charColumns, '$&::text') });
      return {
        ...result,
        columnNames,
        columnTypes: columnTypes.map((type, at) => (isChar(columnNames[at]) ? ColumnTypeEnum.Character : type)),
      };
    };
    adapter.executeScript = async (script) => {
      try {
        await adapter.underlyingDriver().query(script);
      } catch (error) {
        throw error instanceof DatabaseError ? this.#remember(error) : error;
      }
    };
    return adapter;
  }

  #remember(error: DatabaseError): DriverAdapterError {
    this.scriptError = error;
    const { code = '', severity = 'ERROR', message, detail, column, hint } = error;
    return new DriverAdapterError({ kind: 'postgres', code, severity, message, detail, column, hint });
  }
}
