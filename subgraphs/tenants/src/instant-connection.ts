import { cursorInstant, parsePage, toConnection, type Connection, type PageArguments } from '@tenantry/subgraph-kit';

/** A list of the catalog's that is in the order of an instant, those of one instant in that of their ids. */
export interface InstantList<Row extends { id: string }, Position> {
  /** Names the list and its order, such as `audit-log:at:desc`: a cursor fits only the list that made it. */
  readonly name: string;
  readonly instantOf: (row: Row) => Date;
  readonly positionOf: (instant: Date, id: string) => Position;
  readonly list: (page: { readonly limit: number; readonly after: Position | null }) => Promise<readonly Row[]>;
  readonly count: () => Promise<number>;
}

/** A Relay connection over such a list. @throws {BadInputError} saying which argument to change */
export async function connectionByInstant<Row extends { id: string }, Position>(
  { first, after }: Pick<PageArguments, 'first' | 'after'>,
  { name, instantOf, positionOf, list, count }: InstantList<Row, Position>,
): Promise<Connection<Row>> {
  const ordering = { name, values: cursorInstant, valuesOf: (row: Row) => instantOf(row).toISOString() };
  const page = parsePage({ first: first ?? null, after: after ?? null }, ordering);
  const position = page.position && positionOf(new Date(page.position.values), page.position.id);
  const rows = await list({ limit: page.limit + 1, after: position });
  return toConnection(rows, page, ordering, count);
}
