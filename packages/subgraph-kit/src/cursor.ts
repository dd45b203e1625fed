import { BadInputError, parseJson } from '@tenantry/service';
import { z } from 'zod';
import type { CursorPosition, Ordering } from './pagination.ts';

/** Counts up when the layout of a cursor changes. */
const version = 1;

const layout = z.strictObject({ v: z.literal(version), o: z.string(), k: z.unknown(), id: z.guid() });

/** An opaque cursor: base64url of JSON that names its version and ordering, so that neither is mistaken for another. */
export function encodeCursor<Row extends { id: string }, Values>(row: Row, ordering: Ordering<Row, Values>): string {
  const content: z.input<typeof layout> = { v: version, o: ordering.name, k: ordering.valuesOf(row), id: row.id };
  return Buffer.from(JSON.stringify(content)).toString('base64url');
}

/** @throws {BadInputError} when the cursor is malformed, or belongs to another connection or order */
export function decodeCursor<Row extends { id: string }, Values>(
  cursor: string,
  argument: 'after' | 'before',
  ordering: Ordering<Row, Values>,
): CursorPosition<Values> {
  const content = layout.safeParse(parseJson(Buffer.from(cursor, 'base64url').toString()));
  if (!content.success) throw new BadInputError(`\`${argument}\` is not a cursor of this API.`);
  const { o, k, id } = content.data;
  if (o !== ordering.name) throw new BadInputError(`\`${argument}\` is a cursor of another list or order: start again without it.`);
  const values = ordering.values.safeParse(k);
  if (!values.success) throw new BadInputError(`\`${argument}\` is not a cursor of this API.`);
  return { values: values.data, id };
}
