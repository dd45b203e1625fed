import { startDisposablePostgres, type DisposablePostgres } from '@tenantry/backing-services';
import type { Client } from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../backups/testing/databases.ts';
import { openClusterAdmin, type ClusterAdmin } from '../../clusters/cluster-admin.ts';
import { withConnection } from '../../postgres/connection.ts';
import { silentLogger } from '@tenantry/service';
import { copyDatabase } from '../copies/copy-database.ts';
import { findIncomparable, readDatabase, tablesWithoutIdentity } from '../plan/database-facts.ts';
import { identifyByAll, identifyByKey } from './replica-identity.ts';
import { makeSenderLogin, publish, unpublish } from './sender.ts';
import { withSlot } from './slot.ts';
import { isReceiving, receive, subscribe, SubscriptionRefusedError, unsubscribe } from './subscription.ts';

const name = 'tenantry_move_00000000000000000000000000000000';
let server: DisposablePostgres;
let source: TestDatabase;
let target: TestDatabase;
let ends: Record<'source' | 'target', ClusterAdmin>;

beforeAll(async () => {
  server = await startDisposablePostgres({ settings: { wal_level: 'logical', shared_buffers: '32MB' } });
  source = await createTestDatabase(server.url);
  target = await createTestDatabase(inject('postgresUrl'));
  ends = { source: openAdmin(server.url), target: openAdmin(inject('postgresUrl')) };
});
afterAll(async () => {
  for (const resource of [ends?.source, ends?.target, target, source, server]) await resource?.[Symbol.asyncDispose]();
});

function openAdmin(adminUrl: string): ClusterAdmin {
  return openClusterAdmin({ name: 'any', adminUrl }, silentLogger);
}

async function read(database: TestDatabase): Promise<unknown[]> {
  return await database.query('SELECT * FROM keyless UNION ALL SELECT * FROM parted ORDER BY 1, 2');
}

async function within<Result>(side: 'source' | 'target', work: (client: Client) => Promise<Result>): Promise<Result> {
  const { url } = side === 'source' ? source : target;
  return await ends[side].within(new URL(url).pathname.slice(1), work);
}

test('rows of tables without a key, partitioned ones and their changes get to the other database, and nothing stays that replicates', async () => {
  for (const database of [source, target]) await database.query(tables);
  await source.query(`INSERT INTO keyless SELECT n, 'old' FROM generate_series(1, 3) n; INSERT INTO parted VALUES (1, 'a'), (11, 'b')`);
  await target.query(`INSERT INTO keyless VALUES (99, 'not to be kept')`);
  const keyless = await within('source', tablesWithoutIdentity);
  expect(keyless).toEqual([{ schema: 'public', name: 'keyless' }]);
  const databaseName = new URL(source.url).pathname.slice(1);
  const owned = { id: 'a test', databaseName, roleName: databaseName };
  const login = await within('source', async (client) => {
    for (const table of keyless) await identifyByAll(client, table);
    await publish(client, name);
    await publish(client, name);
    return await makeSenderLogin(client, owned, name);
  });
  await within('target', async (client) => await subscribe(client, { name, sourceUrl: ends.source.url(databaseName), ...login }));
  expect(await within('target', async (client) => await isReceiving(client, name))).toBe(false);
  const slot = { database: databaseName, name, signal: new AbortController().signal };
  await withSlot(ends.source, slot, async () => {});
  await withSlot(ends.source, slot, async (snapshot) => {
    await source.query(`INSERT INTO keyless VALUES (4, 'between')`);
    await copyDatabase({ from: source.url, to: target.url, snapshot });
  });
  await within('target', async (client) => await receive(client, name));
  await source.query(`UPDATE keyless SET word = 'new' WHERE number = 2; DELETE FROM keyless WHERE number = 3`);
  await source.query(`UPDATE parted SET word = 'c' WHERE number = 11; INSERT INTO parted VALUES (2, 'd')`);

  await expect.poll(async () => await read(target), { timeout: 20_000 }).toEqual(await read(source));
  expect(await within('target', async (client) => await isReceiving(client, name))).toBe(true);

  await within('target', async (client) => await unsubscribe(client, name));
  await within('source', async (client) => {
    await unpublish(client, name);
    for (const table of keyless) await identifyByKey(client, table);
  });
  expect(await source.query('SELECT slot_name FROM pg_replication_slots UNION ALL SELECT pubname FROM pg_publication')).toEqual([]);
  expect(await target.query('SELECT subname FROM pg_subscription WHERE subname = $1', [name])).toEqual([]);
  expect(await within('source', tablesWithoutIdentity)).toEqual(keyless);
});

async function slots(): Promise<unknown[]> {
  return await source.query('SELECT slot_name FROM pg_replication_slots');
}

test('a slot that waits for somebody’s transaction is given up with its signal, and nothing stays of it', async () => {
  const other = await createTestDatabase(server.url);
  const database = new URL(source.url).pathname.slice(1);
  await withConnection(other.url, async (client) => {
    await client.query('BEGIN; CREATE TABLE held ()');
    const stop = new AbortController();
    const waiting = withSlot(ends.source, { database, name, signal: stop.signal }, async () => 'a slot');
    await expect.poll(slots).toHaveLength(1);
    stop.abort(new Error('this process stops'));
    await expect(waiting).rejects.toThrow('this process stops');
    await expect.poll(slots).toEqual([]);
  });
  await other[Symbol.asyncDispose]();
});

test('a subscription that cannot connect is refused, and its password is not told', async () => {
  const login = { role: 'nobody', password: 'a secret of nobody’s' };
  const refused = within('target', async (client) => await subscribe(client, { name, sourceUrl: server.url, ...login }));
  await expect(refused).rejects.toThrow(SubscriptionRefusedError);
  await expect(refused).rejects.not.toThrow(login.password);
});

test.each([
  ['CREATE UNLOGGED TABLE odd (id int PRIMARY KEY)', 'public.odd is unlogged'],
  ['CREATE TABLE odd (id int PRIMARY KEY); ALTER TABLE odd ENABLE ROW LEVEL SECURITY', 'public.odd has row-level security'],
  ['CREATE TABLE odd (document json)', 'public.odd has neither a primary key nor rows that can be compared'],
])('a table that cannot be replicated is found: %s', async (definition, reason) => {
  await source.query(definition);
  const facts = await within('source', readDatabase);
  expect(facts.obstacle ?? (await within('source', async (client) => await findIncomparable(client, facts.keyless)))).toBe(reason);
  await source.query('DROP TABLE odd');
});

const tables = `
  CREATE TABLE keyless (number int, word text);
  CREATE TABLE parted (number int PRIMARY KEY, word text) PARTITION BY RANGE (number);
  CREATE TABLE parted_low PARTITION OF parted FOR VALUES FROM (0) TO (10);
  CREATE TABLE parted_high PARTITION OF parted FOR VALUES FROM (10) TO (20)`;
