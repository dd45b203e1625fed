import { escapeIdentifier, escapeLiteral } from 'pg';
import type { Table, TableColumn } from '../tables.ts';

/** Types whose values a number of JSON does not hold exactly in every program that reads it. */
const exactNumbers: ReadonlySet<string> = new Set(['int8', 'numeric', 'money', 'xid8']);

/** Nothing but the white space that values of the type `json` keep, however deep they are: in strings, JSON has none of this. */
const lineBreaks = `E'\\n\\r\\t'`;

/** SQL of the text of a JSON object of the row `t`, on one line. */
export function jsonOfRow({ columns }: Table, nameOf: (column: string) => string): string {
  if (columns.length === 0) return `'{}'`;
  const members = columns.map((column) => `to_json(${valueOf(column)}) AS ${escapeIdentifier(nameOf(column.name))}`);
  return `(SELECT translate(row_to_json(fields)::text, ${lineBreaks}, '   ') FROM (SELECT ${members.join(', ')}) AS fields)`;
}

/** Numbers that JSON may not hold as text, bytes in base64, everything else as Postgres turns it to JSON: dates by ISO 8601. */
function valueOf({ name, baseType, isArray }: TableColumn): string {
  const value = `t.${escapeIdentifier(name)}`;
  if (exactNumbers.has(baseType)) return `${value}::text${isArray ? '[]' : ''}`;
  if (baseType === 'bytea' && isArray) {
    return `CASE WHEN ${value} IS NOT NULL THEN ARRAY(SELECT ${base64('byte')} FROM unnest(${value}) WITH ORDINALITY AS u(byte, at) ORDER BY at) END`;
  }
  if (baseType === 'bytea') return base64(value);
  return value;
}

/** `encode` breaks its lines. */
function base64(value: string): string {
  return `replace(encode(${value}, 'base64'), ${escapeLiteral('\n')}, '')`;
}
