import { Client } from 'pg';
import { expect, inject, test } from 'vitest';
import { dumpDatabase } from './dump-database.ts';
import { restoreDatabase } from './restore-database.ts';
import { createMigrations, createTestDatabase, createTestStore } from './testing/databases.ts';
import { ledgerMigration, ledgerRows } from './testing/ledger.ts';

const server = inject('postgresUrl');

/** Moves money between accounts and writes it down, until told to stop; no transaction changes the sum of all. */
async function transfer(url: string, signal: AbortSignal): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  let count = 0;
  for (; !signal.aborted; count += 1) {
    const [from, to] = [1 + (count % 10), 1 + ((count * 7 + 3) % 10)].toSorted((a, b) => a - b);
    await client.query('BEGIN');
    await client.query('UPDATE accounts SET balance = balance - 1 WHERE id = $1', [from]);
    await client.query('UPDATE accounts SET balance = balance + 1 WHERE id = $1', [to]);
    await client.query('INSERT INTO entries (account_id, amount) VALUES ($1, -1), ($2, 1)', [from, to]);
    await client.query('COMMIT');
  }
  await client.end();
  return count;
}

test('a backup made while others write is one moment of the database, and holds nobody up', async () => {
  await using migrations = await createMigrations({ '20260101000000_init': ledgerMigration });
  await using source = await createTestDatabase(server, migrations.path);
  await using target = await createTestDatabase(server, migrations.path);
  await using kept = await createTestStore();
  await source.query(`${ledgerRows}; UPDATE entries SET amount = 0`);
  const stop = new AbortController();
  const writers = Array.from({ length: 3 }, async () => await transfer(source.url, stop.signal));
  for (let round = 0; round < 5; round += 1) {
    const key = `round-${round}`;
    const [{ written: earlier } = { written: 0 }] = await source.query<{ written: number }>('SELECT count(*)::int AS written FROM entries');
    // Reads the accounts first: a transfer between that and the entries must not be half in it.
    await dumpDatabase({ url: source.url, store: kept.store, key, tenantId: 'one' });
    await restoreDatabase({ url: target.url, store: kept.store, key, migrationFolders: [migrations.path] });
    const [sums] = await target.query<{ balance: number; amount: number; wrong: number; entries: number }>(`
      SELECT (SELECT sum(balance)::int FROM accounts) AS balance, (SELECT sum(amount)::int FROM entries) AS amount,
        (SELECT count(*)::int FROM accounts WHERE balance <> 1000 + (SELECT sum(amount) FROM entries WHERE account_id = accounts.id)) AS wrong,
        (SELECT count(*)::int FROM entries) AS entries`);
    expect(sums).toEqual({ balance: 10_000, amount: 0, wrong: 0, entries: expect.toSatisfy((count: number) => count >= earlier) });
    await target.query('INSERT INTO entries (account_id, amount) VALUES (1, 0)');
  }
  stop.abort();
  for (const count of await Promise.all(writers)) expect(count).toBeGreaterThan(5);
});
