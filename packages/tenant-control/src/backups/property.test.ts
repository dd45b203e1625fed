import {
  array,
  assert,
  asyncProperty,
  bigInt,
  boolean,
  constant,
  date,
  double,
  integer,
  jsonValue,
  option,
  record,
  string,
  uint8Array,
  uuid,
} from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { dumpDatabase } from './dump-database.ts';
import { differences, fingerprintDatabase } from './fingerprint.ts';
import { restoreDatabase } from './restore-database.ts';
import {
  createMigrations,
  createTestDatabase,
  createTestStore,
  type TestDatabase,
  type TestFolder,
  type TestStore,
} from './testing/databases.ts';

const server = inject('postgresUrl');
const cleanup = new AsyncDisposableStack();
let migrations: TestFolder;
let source: TestDatabase;
let target: TestDatabase;
let kept: TestStore;

const migration = `
  CREATE TABLE things (
    id text PRIMARY KEY, parent_id text REFERENCES things (id), guid uuid, big bigint, ratio double precision, flag boolean, plain text,
    bytes bytea, moment timestamptz(3), document jsonb, texts text[], bigs bigint[]);
  CREATE TABLE no_key (a text, b double precision);
`;

beforeAll(async () => {
  migrations = cleanup.use(await createMigrations({ '20260101000000_init': migration }));
  source = cleanup.use(await createTestDatabase(server, migrations.path));
  target = cleanup.use(await createTestDatabase(server, migrations.path));
  kept = cleanup.use(await createTestStore());
});
afterAll(async () => await cleanup.disposeAsync());

/** Whatever Postgres takes as text: everything but NUL, which it takes nowhere, and halves of surrogate pairs. */
const anyText = string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '0'));
const bigint64 = bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
const rows = array(
  record({
    id: anyText,
    hasParent: boolean(),
    guid: option(uuid()),
    big: option(bigint64),
    ratio: option(double().map(String)),
    flag: option(boolean()),
    plain: option(anyText),
    bytes: option(uint8Array().map((bytes) => Buffer.from(bytes))),
    moment: option(date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })),
    document: option(jsonValue().map((value) => JSON.stringify(value).replaceAll(/\\u(?:0000|d[89a-f]..)/gi, '0'))),
    texts: option(array(option(anyText))),
    bigs: option(array(bigint64)),
  }),
  { maxLength: 20 },
);
const keyless = array(record({ a: option(anyText), b: option(constant(0.1)) }), { maxLength: 5 });

test('whatever rows there are, a restored backup gives them back, and an equal backup', async () => {
  await assert(
    asyncProperty(rows, keyless, integer({ min: 1, max: 1000 }), async (things, others, seed) => {
      await source.query('TRUNCATE things, no_key');
      const ids: string[] = [];
      for (const { id, hasParent, ...columns } of things) {
        if (ids.includes(id)) continue;
        const parent = hasParent ? (ids[seed % Math.max(1, ids.length)] ?? null) : null;
        await source.query('INSERT INTO things VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)', [
          id,
          parent,
          ...Object.values(columns),
        ]);
        ids.push(id);
      }
      for (const { a, b } of others) await source.query('INSERT INTO no_key VALUES ($1, $2)', [a, b]);

      const { manifest } = await dumpDatabase({ url: source.url, store: kept.store, key: 'any', tenantId: 'one' });
      await restoreDatabase({ url: target.url, store: kept.store, key: 'any', migrationFolders: [migrations.path], migrateForward: false });
      const select = 'SELECT * FROM things ORDER BY id COLLATE "C"';
      expect(await target.query(select)).toEqual(await source.query(select));
      expect(differences(await fingerprintDatabase({ url: target.url }), manifest)).toEqual([]);
      expect(manifest.tables.map((table) => table.rows)).toEqual([others.length, ids.length]);
    }),
    { numRuns: 30 },
  );
}, 60_000);
