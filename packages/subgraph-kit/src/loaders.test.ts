import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createGroupLoader, createLoader, createSharedRead } from './loaders.ts';

interface Row {
  id: string;
  owner: string;
}

const [a, b, missing] = [randomUUID(), randomUUID(), randomUUID()];
const rows: Row[] = [
  { id: b, owner: a },
  { id: a, owner: a },
];

function recordingReads() {
  const reads: string[][] = [];
  const read = async (ids: string[]) => {
    reads.push(ids);
    return rows.filter(({ id, owner }) => ids.includes(id) || ids.includes(owner));
  };
  return { reads, read };
}

describe('createLoader', () => {
  it('reads all ids of one tick at once and gives each its own row, whatever the order of the read', async () => {
    const { reads, read } = recordingReads();
    const loader = createLoader(read, { by: ({ id }) => id });
    expect(await Promise.all([loader.load(a), loader.load(b), loader.load(missing)])).toEqual([rows[1], rows[0], null]);
    expect(reads).toEqual([[a, b, missing]]);
  });

  it('takes an id in any case for the same id', async () => {
    const { reads, read } = recordingReads();
    const loader = createLoader(read, { by: ({ id }) => id });
    expect(await Promise.all([loader.load(a.toUpperCase()), loader.load(a)])).toEqual([rows[1], rows[1]]);
    expect(reads).toEqual([[a]]);
  });

  it('takes what is not a UUID for missing, without a read', async () => {
    const { reads, read } = recordingReads();
    const loader = createLoader(read, { by: ({ id }) => id });
    expect(await loader.loadMany(['1', '', "' OR 1=1 --"])).toEqual([null, null, null]);
    expect(reads).toEqual([]);
  });

  it('fails every load of a read that failed', async () => {
    const loader = createLoader<Row>(async () => await Promise.reject(new Error('no database')), { by: ({ id }) => id });
    const results = await Promise.allSettled([loader.load(a), loader.load(b)]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});

describe('createGroupLoader', () => {
  it('gives each id its rows in the order of the read, and an empty list where there are none', async () => {
    const { reads, read } = recordingReads();
    const loader = createGroupLoader(read, { by: ({ owner }) => owner });
    expect(await loader.loadMany([a, missing])).toEqual([rows, []]);
    expect(reads).toHaveLength(1);
  });
});

describe('createSharedRead', () => {
  it('reads what is the same once, until it is forgotten', async () => {
    const reads: object[] = [];
    const shared = createSharedRead(async (key: { role?: string | undefined; first: number }) => reads.push(key));
    const load = async () => await Promise.all([{ first: 1 }, { role: undefined, first: 1 }, { first: 2 }].map((key) => shared.load(key)));
    expect(await load()).toEqual([1, 1, 2]);
    expect(await load()).toEqual([1, 1, 2]);
    shared.clearAll();
    expect(await load()).toEqual([3, 3, 4]);
  });
});
