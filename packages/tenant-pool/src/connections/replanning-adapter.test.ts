import type { SqlDriverAdapter, SqlQuery } from '@prisma/driver-adapter-utils';
import { Pool } from 'pg';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { adapterOver } from './driver.ts';

const server = inject('postgresUrl');
let schema: string;
let pool: Pool;
let adapter: SqlDriverAdapter;

beforeEach(async () => {
  schema = `replanning_${crypto.randomUUID().replaceAll('-', '')}`;
  // One connection, so that whoever runs a statement again does so where it is prepared.
  pool = new Pool({ connectionString: server, max: 1 });
  await change(
    `CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.things (id int, name text); INSERT INTO ${schema}.things VALUES (1, 'one')`,
  );
  adapter = await adapterOver(pool, { keepsStatements: true });
});
afterEach(async () => {
  await adapter.dispose();
  await pool.end();
  await change(`DROP SCHEMA ${schema} CASCADE`);
});

/** Changes the schema from another connection, as a migration would. */
async function change(sql: string): Promise<void> {
  const other = new Pool({ connectionString: server, max: 1 });
  try {
    await other.query(sql);
  } finally {
    await other.end();
  }
}

const int = { scalarType: 'int', arity: 'scalar' } as const;
const thing = (): SqlQuery => ({ sql: `SELECT * FROM ${schema}.things WHERE id = $1`, args: [1], argTypes: [int] });
const rename = (): SqlQuery => ({ sql: `UPDATE ${schema}.things SET name = 'new' WHERE id = $1`, args: [1], argTypes: [int] });

async function rowsOf(queryable: Pick<SqlDriverAdapter, 'queryRaw'>, query = thing()): Promise<unknown[][]> {
  return (await queryable.queryRaw(query)).rows;
}

async function twice<Result>(work: () => Promise<Result>): Promise<Result[]> {
  return await Promise.all([work(), work()]);
}

/** Names of what the connection has prepared. */
async function prepared(): Promise<unknown[]> {
  return (await pool.query('SELECT name FROM pg_prepared_statements')).rows;
}

/** Runs the statements often enough for them to be kept, and then some. */
async function warm(...queries: SqlQuery[]): Promise<void> {
  for (let runs = 0; runs < 12; runs += 1) for (const query of queries) await adapter.queryRaw(query);
}

describe('a statement that is kept prepared', () => {
  test('is prepared once, and without values never', async () => {
    await warm(thing(), { sql: `SELECT count(*) FROM ${schema}.things`, args: [], argTypes: [] });
    expect(await prepared()).toEqual([{ name: expect.stringMatching(/^tenantry_\d+$/) }]);
  });

  test('is none at all where sessions are not the client’s own', async () => {
    const plain = await adapterOver(pool);
    for (let runs = 0; runs < 12; runs += 1) await plain.queryRaw(thing());
    expect(await prepared()).toEqual([]);
    await plain.dispose();
  });

  test.each([
    ['a column is added', 'ADD COLUMN extra int', [1, 'one', null]],
    ['a column is dropped', 'DROP COLUMN name', [1]],
    ['a column gets another type', 'ALTER COLUMN name TYPE varchar(10)', [1, 'one']],
    ['the type of its parameter is another', 'ALTER COLUMN id TYPE text', null],
  ])('answers by the new schema when %s beneath it', async (_what, alteration, row) => {
    await warm(thing());
    await change(`ALTER TABLE ${schema}.things ${alteration}`);
    const fresh = await pool.query({ text: thing().sql, values: ['1'], rowMode: 'array' });
    expect(await rowsOf(adapter)).toEqual(row === null ? fresh.rows : [row]);
    expect(await rowsOf(adapter)).toEqual(row === null ? fresh.rows : [row]);
  });

  test('is run once more, not twice in effect, when its table is another', async () => {
    await warm(thing());
    await change(`DROP TABLE ${schema}.things; CREATE TABLE ${schema}.things (id bigint, name text, added int);
      INSERT INTO ${schema}.things VALUES (1, 'two', 3)`);
    expect(await rowsOf(adapter)).toEqual([['1', 'two', 3]]);
  });

  test('within a transaction has the caller begin again, once, and in the same words as a conflict', async () => {
    await warm(thing());
    await change(`ALTER TABLE ${schema}.things ADD COLUMN extra int`);
    const failed = await adapter.startTransaction();
    await failed.executeRaw(rename());
    await expect(rowsOf(failed)).rejects.toMatchObject({ cause: { kind: 'TransactionWriteConflict', originalCode: '0A000' } });
    await failed.executeRaw({ sql: 'ROLLBACK', args: [], argTypes: [] });
    await failed.rollback();
    const again = await adapter.startTransaction();
    expect(await rowsOf(again)).toEqual([[1, 'one', null]]);
    await again.executeRaw({ sql: 'COMMIT', args: [], argTypes: [] });
    await again.commit();
  });

  describe('on several connections, and is refused on all of them at once', () => {
    let wide: Pool;
    let own: SqlDriverAdapter;

    beforeEach(async () => {
      wide = new Pool({ connectionString: server, max: 2 });
      own = await adapterOver(wide, { keepsStatements: true });
      for (let runs = 0; runs < 12; runs += 1) await twice(async () => await own.queryRaw(thing()));
      return async () => {
        await own.dispose();
        await wide.end();
      };
    });

    test('answers by the new schema on each', async () => {
      await change(`ALTER TABLE ${schema}.things ADD COLUMN extra int`);
      expect(await twice(async () => await rowsOf(own))).toEqual([[[1, 'one', null]], [[1, 'one', null]]]);
    });

    test('has each transaction begin again', async () => {
      const transactions = await twice(async () => await own.startTransaction());
      await change(`ALTER TABLE ${schema}.things ADD COLUMN extra int`);
      const outcomes = await Promise.allSettled(transactions.map(async (transaction) => await rowsOf(transaction)));
      for (const transaction of transactions) await transaction.rollback();
      const conflict = expect.objectContaining({ cause: expect.objectContaining({ kind: 'TransactionWriteConflict' }) });
      const refused = { status: 'rejected', reason: conflict };
      expect(outcomes).toEqual([refused, refused]);
    });
  });

  test('that somebody had the server forget is prepared anew', async () => {
    await warm(thing());
    await pool.query('DEALLOCATE ALL');
    expect(await rowsOf(adapter)).toEqual([[1, 'one']]);
  });

  test('that is wrong by itself is an error like any other', async () => {
    await warm(thing());
    await change(`DROP TABLE ${schema}.things`);
    await expect(rowsOf(adapter)).rejects.toMatchObject({ cause: { kind: 'TableDoesNotExist' } });
    await expect(rowsOf(adapter)).rejects.toMatchObject({ cause: { kind: 'TableDoesNotExist' } });
  });
});
