import { BadInputError } from '@tenantry/service';
import type { z } from 'zod';
import { decodeCursor, encodeCursor } from './cursor.ts';

/** The arguments of a Relay connection (GraphQL Cursor Connections Specification §4). */
export interface PageArguments {
  first?: number | null;
  after?: string | null;
  last?: number | null;
  before?: string | null;
}

/** A total order of a connection's rows: by its sort values, then by id. */
export interface Ordering<Row extends { id: string }, Values> {
  /** Names the connection and its order, such as `users:name:asc`. A cursor fits only the ordering that made it. */
  readonly name: string;
  /** Shape of the sort values in a cursor: JSON, so dates as ISO strings. */
  readonly values: z.ZodType<Values>;
  valuesOf(row: Row): Values;
}

export interface PageLimits {
  /** The most rows that a page may hold. Default 100. */
  maximum?: number;
  /** Rows of a page whose size is not given. Default 20. */
  byDefault?: number;
}

/** What to read for a page: `limit + 1` rows beyond `position`, so that it is known whether there are more. */
export interface Page<Values> {
  /** Rows that the page shows at most. */
  readonly limit: number;
  /** With `last`: read against the ordering; {@link toConnection} puts the rows right. */
  readonly backwards: boolean;
  /** The row to start beyond; null from the very end. */
  readonly position: CursorPosition<Values> | null;
}

export interface CursorPosition<Values> {
  readonly values: Values;
  readonly id: string;
}

export interface Connection<Row> {
  edges: { node: Row; cursor: () => string }[];
  nodes: Row[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
  /** Counted only when it is selected. */
  totalCount: () => Promise<number>;
}

/** @throws {BadInputError} saying which argument to change */
export function parsePage<Row extends { id: string }, Values>(
  { first, after, last, before }: PageArguments,
  ordering: Ordering<Row, Values>,
  { maximum = 100, byDefault = 20 }: PageLimits = {},
): Page<Values> {
  if (isGiven(first) && isGiven(last)) throw new BadInputError('Give either `first` or `last`, not both.');
  if (isGiven(after) && isGiven(before)) throw new BadInputError('Give either `after` or `before`, not both.');
  const backwards = isGiven(last) || isGiven(before);
  if (backwards && (isGiven(first) || isGiven(after))) {
    throw new BadInputError('`first` goes with `after`, and `last` goes with `before`.');
  }
  const [sizeName, size, cursorName, cursor] = backwards
    ? (['last', last, 'before', before] as const)
    : (['first', first, 'after', after] as const);
  return {
    limit: parseSize(sizeName, size ?? byDefault, maximum),
    backwards,
    position: isGiven(cursor) ? decodeCursor(cursor, cursorName, ordering) : null,
  };
}

/** Makes a connection of the rows that were read for `page`: up to `limit + 1`, in the order that they were read in. */
export function toConnection<Row extends { id: string }, Values>(
  rows: readonly Row[],
  page: Page<Values>,
  ordering: Ordering<Row, Values>,
  totalCount: () => Promise<number>,
): Connection<Row> {
  const hasMore = rows.length > page.limit;
  const shown = rows.slice(0, page.limit);
  const nodes = page.backwards ? shown.toReversed() : shown;
  // The row that the cursor was made from lies on the other side.
  const hasBehind = page.position !== null;
  const cursorOf = (row: Row | undefined) => (row ? encodeCursor(row, ordering) : null);
  return {
    edges: nodes.map((node) => ({ node, cursor: () => encodeCursor(node, ordering) })),
    nodes,
    pageInfo: {
      hasNextPage: page.backwards ? hasBehind : hasMore,
      hasPreviousPage: page.backwards ? hasMore : hasBehind,
      startCursor: cursorOf(nodes[0]),
      endCursor: cursorOf(nodes.at(-1)),
    },
    totalCount,
  };
}

function parseSize(name: 'first' | 'last', size: number, maximum: number): number {
  if (size < 0) throw new BadInputError(`\`${name}\` must not be negative.`);
  if (size > maximum) throw new BadInputError(`\`${name}\` must be at most ${maximum}: ask for the rest by cursor.`);
  return size;
}

function isGiven<Value>(value: Value | null | undefined): value is Value {
  return value !== null && value !== undefined;
}
