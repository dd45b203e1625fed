import DataLoader from 'dataloader';
import { canonicalUuid } from '@tenantry/service';

/** Reads all rows that belong to `ids` in one statement; what does not exist is left out. */
export type ReadRows<Row> = (ids: string[]) => Promise<readonly Row[]>;

export interface LoaderOptions<Row> {
  /** The id, among those asked for, that a row belongs to. */
  by: (row: Row) => string;
}

export type Loader<Value> = DataLoader<string, Value>;

/**
 * Loads rows by id, all ids of one tick in one read; null for a missing one. An id that is not a UUID is missing without asking.
 * Make it once a request: what it remembers belongs to that request's tenant and caller.
 */
export function createLoader<Row>(read: ReadRows<Row>, { by }: LoaderOptions<Row>): Loader<Row | null> {
  return createUuidLoader<Row | null>(async (ids) => new Map((await read(ids)).map((row) => [by(row), row])), null);
}

/** As {@link createLoader}, for the rows that belong to one id, in the order of the read; an empty list when there are none. */
export function createGroupLoader<Row>(read: ReadRows<Row>, { by }: LoaderOptions<Row>): Loader<readonly Row[]> {
  return createUuidLoader<readonly Row[]>(async (ids) => Map.groupBy(await read(ids), by), []);
}

/**
 * Reads each thing once a request, however many parents ask for it: a page or a count that is the whole tenant's and no one row's.
 * Keys are the same when their JSON is.
 */
export function createSharedRead<Key, Value>(read: (key: Key) => Promise<Value>): DataLoader<Key, Value, string> {
  const readAll = async (keys: readonly Key[]) => await Promise.all(keys.map(read));
  return new DataLoader(readAll, { batch: false, cacheKeyFn: (key) => JSON.stringify(key) });
}

function createUuidLoader<Value>(read: (ids: string[]) => Promise<ReadonlyMap<string, Value>>, missing: Value): Loader<Value> {
  const readBatch = async (keys: readonly string[]) => {
    const ids = keys.map(canonicalUuid);
    const wanted = ids.filter((id) => id !== null);
    const found = wanted.length > 0 ? await read(wanted) : new Map<string, Value>();
    return ids.map((id) => (id === null ? missing : (found.get(id) ?? missing)));
  };
  return new DataLoader(readBatch, { cacheKeyFn: (key) => key.toLowerCase() });
}
