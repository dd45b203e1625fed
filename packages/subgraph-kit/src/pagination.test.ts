import { randomUUID } from 'node:crypto';
import { BadInputError } from '@tenantry/service';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parsePage, toConnection, type Ordering, type Page, type PageArguments } from './pagination.ts';

interface Row {
  id: string;
  name: string;
}

const byName: Ordering<Row, string> = { name: 'rows:name:asc', values: z.string(), valuesOf: ({ name }) => name };
const byNameDescending: Ordering<Row, string> = { ...byName, name: 'rows:name:desc' };
const rows: Row[] = ['Ada', 'Bo', 'Cy', 'Di', 'Ed'].map((name) => ({ id: randomUUID(), name }));

/** What a store does with a page, over `rows`. */
function read({ limit, backwards, position }: Page<string>): Row[] {
  const ordered = backwards ? rows.toReversed() : rows;
  const start = position ? ordered.findIndex(({ id }) => id === position.id) + 1 : 0;
  return ordered.slice(start, start + limit + 1);
}

function connectionOf(pageArguments: PageArguments) {
  const page = parsePage(pageArguments, byName);
  return toConnection(read(page), page, byName, async () => rows.length);
}

const namesOf = (pageArguments: PageArguments) => connectionOf(pageArguments).nodes.map(({ name }) => name);

describe('parsePage', () => {
  it.each([
    [{ first: 1, last: 1 }, 'Give either `first` or `last`, not both.'],
    [{ after: 'x', before: 'x' }, 'Give either `after` or `before`, not both.'],
    [{ first: 1, before: 'x' }, '`first` goes with `after`, and `last` goes with `before`.'],
    [{ last: 1, after: 'x' }, '`first` goes with `after`, and `last` goes with `before`.'],
    [{ first: -1 }, '`first` must not be negative.'],
    [{ last: 101 }, '`last` must be at most 100: ask for the rest by cursor.'],
    [{ first: 1, after: 'not base64 JSON' }, '`after` is not a cursor of this API.'],
    [{ last: 1, before: '' }, '`before` is not a cursor of this API.'],
  ])('refuses %j', (pageArguments, message) => {
    expect(() => parsePage(pageArguments, byName)).toThrow(new BadInputError(message));
  });

  it('shows 20 rows when no size is given', () => {
    expect(parsePage({}, byName)).toEqual({ limit: 20, backwards: false, position: null });
  });

  it('takes other limits', () => {
    expect(parsePage({}, byName, { byDefault: 3 }).limit).toBe(3);
    expect(() => parsePage({ first: 6 }, byName, { maximum: 5 })).toThrow(BadInputError);
  });

  it('refuses a cursor of another order', () => {
    const { endCursor } = connectionOf({ first: 2 }).pageInfo;
    expect(() => parsePage({ after: endCursor }, byNameDescending)).toThrow('is a cursor of another list or order');
  });

  it.each([
    ['another version', { v: 2, o: 'rows:name:asc', k: 'Ada', id: randomUUID() }],
    ['a sort value of another type', { v: 1, o: 'rows:name:asc', k: { gt: '' }, id: randomUUID() }],
    ['no id', { v: 1, o: 'rows:name:asc', k: 'Ada' }],
    ['an id that is none', { v: 1, o: 'rows:name:asc', k: 'Ada', id: 'x' }],
    ['something more', { v: 1, o: 'rows:name:asc', k: 'Ada', id: randomUUID(), tenant: randomUUID() }],
  ])('refuses a forged cursor with %s', (_what, content) => {
    const after = Buffer.from(JSON.stringify(content)).toString('base64url');
    expect(() => parsePage({ after }, byName)).toThrow('`after` is not a cursor of this API.');
  });
});

describe('toConnection', () => {
  it('walks all rows forwards and back, page by page', () => {
    const forwards: string[] = [];
    let page = connectionOf({ first: 2 });
    for (;;) {
      forwards.push(...page.nodes.map(({ name }) => name));
      if (!page.pageInfo.hasNextPage) break;
      page = connectionOf({ first: 2, after: page.pageInfo.endCursor });
    }
    expect(forwards).toEqual(['Ada', 'Bo', 'Cy', 'Di', 'Ed']);
    const before = page.pageInfo.startCursor;
    expect(namesOf({ last: 3, before })).toEqual(['Bo', 'Cy', 'Di']);
  });

  it.each([
    [{ first: 2 }, { hasNextPage: true, hasPreviousPage: false }],
    [{ first: 5 }, { hasNextPage: false, hasPreviousPage: false }],
    [{ last: 2 }, { hasNextPage: false, hasPreviousPage: true }],
    [{ first: 0 }, { hasNextPage: true, hasPreviousPage: false, startCursor: null, endCursor: null }],
  ])('says of %j whether there is more', (pageArguments, pageInfo) => {
    expect(connectionOf(pageArguments).pageInfo).toMatchObject(pageInfo);
  });

  it('knows that there are rows on the side that the cursor came from', () => {
    const { edges } = connectionOf({ first: 5 });
    expect(connectionOf({ first: 1, after: edges[2]?.cursor() ?? null }).pageInfo).toMatchObject({
      hasNextPage: true,
      hasPreviousPage: true,
    });
    expect(connectionOf({ last: 2, before: edges[2]?.cursor() ?? null }).pageInfo).toMatchObject({
      hasNextPage: true,
      hasPreviousPage: false,
    });
  });

  it('counts only when asked', async () => {
    let counts = 0;
    const page = parsePage({ first: 1 }, byName);
    const connection = toConnection(read(page), page, byName, async () => ++counts);
    expect(counts).toBe(0);
    expect(await connection.totalCount()).toBe(1);
  });
});
