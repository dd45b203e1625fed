import { InvalidArgumentError, Option } from 'commander';

const defaultLimit = 50;

/** Rows read from the catalog at a time. */
const pageSize = 200;

/** How many things to show: `--limit 50`, or `--limit all`. */
export function limitOption(): Option {
  return new Option('--limit <number>', 'show so many at most, or "all"').default(defaultLimit).argParser(parseLimit);
}

/**
 * Reads pages, each from the last row of the one before, until there are `limit` rows or no more.
 *
 * @param read at most so many rows beyond the given one
 */
export async function* readPages<Row>(
  limit: number,
  read: (limit: number, after: Row | undefined) => Promise<readonly Row[]>,
): AsyncGenerator<readonly Row[]> {
  let last: Row | undefined;
  for (let left = limit; left > 0;) {
    const rows = await read(Math.min(left, pageSize), last);
    if (rows.length === 0) return;
    yield rows;
    left -= rows.length;
    last = rows.at(-1);
  }
}

function parseLimit(text: string): number {
  if (text === 'all') return Infinity;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a number from 1 on, or "all".');
  return Number(text);
}
