import { ColumnTypeEnum, type ArgType, type ColumnType, type SqlQuery, type SqlResultSet } from '@prisma/driver-adapter-utils';
import type { Prisma } from '@tenantry/prisma/tenant';
import { UnsupportedOperationError } from '../errors.ts';

const scalar: ArgType = { scalarType: 'unknown', arity: 'scalar' };
const list: ArgType = { scalarType: 'unknown', arity: 'list' };

/** As a driver takes it. */
export function toQuery({ text: sql, values: args }: Prisma.Sql): SqlQuery {
  return { sql, args, argTypes: args.map((value) => (Array.isArray(value) ? list : scalar)) };
}

type Convert = (value: unknown) => unknown;

const asIs: Convert = (value) => value;

/** What becomes of the values that a driver gives, by the type of their column. */
const conversions = new Map<ColumnType, Convert>([
  [ColumnTypeEnum.Boolean, asIs],
  [ColumnTypeEnum.Int32, asIs],
  [ColumnTypeEnum.Float, asIs],
  [ColumnTypeEnum.Double, asIs],
  [ColumnTypeEnum.Text, asIs],
  [ColumnTypeEnum.Uuid, asIs],
  [ColumnTypeEnum.TextArray, asIs],
  [ColumnTypeEnum.UuidArray, asIs],
  [ColumnTypeEnum.Int64, (value) => BigInt(String(value))],
  [ColumnTypeEnum.DateTime, (value) => new Date(String(value))],
]);

/**
 * Rows as objects, by the names of their columns, with values as Prisma's `$queryRaw` has them.
 *
 * @throws {UnsupportedOperationError} for a column of a type that is not read like this
 */
export function toRows({ columnNames, columnTypes, rows }: SqlResultSet): Record<string, unknown>[] {
  const columns = columnNames.map((name, index) => ({ name, convert: conversionOf(name, columnTypes[index]) }));
  return rows.map((values) => {
    const row: Record<string, unknown> = {};
    let index = 0;
    for (const { name, convert } of columns) {
      const value = values[index++] ?? null;
      row[name] = value === null ? null : convert(value);
    }
    return row;
  });
}

function conversionOf(name: string, type: ColumnType | undefined): Convert {
  const convert = type === undefined ? undefined : conversions.get(type);
  if (convert) return convert;
  throw new UnsupportedOperationError(
    `$read gives no values of the type of the column ${JSON.stringify(name)}: cast it, or use $queryRaw.`,
  );
}
