/** Which part of a list to read. */
export interface PageOptions<Position> {
  /** Rows to read at most; 0 or more. */
  readonly limit: number;
  /** The row to start beyond. Default: from the first on. */
  readonly after?: Position | null | undefined;
}

/** The order of a list: by an instant, those of one instant by a key, which says together with it which row is meant. */
export interface InstantOrder<Instant extends string, Key extends string> {
  readonly instant: Instant;
  readonly key: Key;
  readonly direction: 'asc' | 'desc';
}

/** Where a row stands in such a list. */
type Place<Instant extends string, Key extends string> = Readonly<Record<Instant, Date> & Record<Key, string>>;

type Column<Name extends string, Value> = Partial<Record<Name, Value>>;

/** Values on one side of another, as Prisma has them. */
interface Bounds<Value> {
  gte?: Value;
  gt?: Value;
  lte?: Value;
  lt?: Value;
}

/** What to ask of Prisma's `findMany`. */
export interface Page<Instant extends string, Key extends string> {
  /** One of the conditions of its `where`. */
  readonly beyond: { AND?: Column<Instant, Bounds<Date>>; OR?: (Column<Instant, Bounds<Date>> | Column<Key, Bounds<string>>)[] };
  readonly inOrder: { readonly orderBy: (Column<Instant, 'asc' | 'desc'> | Column<Key, 'asc' | 'desc'>)[]; readonly take: number };
}

/** Reads a list page by page, which may change meanwhile: every row that stays comes once. */
export function pageBy<Instant extends string, Key extends string>(
  { instant, key, direction }: InstantOrder<Instant, Key>,
  { limit, after }: PageOptions<Place<Instant, Key>>,
): Page<Instant, Key> {
  const inOrder = { orderBy: [column(instant, direction), column(key, direction)], take: limit };
  if (!after) return { beyond: {}, inOrder };
  const [isAscending, at, id] = [direction === 'asc', after[instant], after[key]];
  // The first condition says no more than the other, but in a way that an index answers.
  const fromOn = column(instant, isAscending ? { gte: at } : { lte: at });
  const later = column(instant, isAscending ? { gt: at } : { lt: at });
  const further = column(key, isAscending ? { gt: id } : { lt: id });
  return { beyond: { AND: fromOn, OR: [later, further] }, inOrder };
}

function column<Name extends string, Value>(name: Name, value: Value): Column<Name, Value> {
  const condition: Column<Name, Value> = {};
  condition[name] = value;
  return condition;
}
