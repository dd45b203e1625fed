import { Client } from 'pg';
import { beforeEach, describe, expect, inject, test } from 'vitest';
import { startPgBouncer, type PgBouncer, type PgBouncerOptions } from './pgbouncer.ts';

const postgres = new URL(inject('postgresUrl'));
const server = { host: postgres.hostname, port: Number(postgres.port) };
const missing: string = inject('pgBouncerMissing');

/** Who is known to it signs in with the password that it knows, at both ends. */
const administrator = { user: decodeURIComponent(postgres.username), password: decodeURIComponent(postgres.password) };

async function open(options: Partial<PgBouncerOptions> = {}): Promise<PgBouncer> {
  return await startPgBouncer({ server, users: { [administrator.user]: administrator.password }, ...options });
}

async function query({ host, port }: PgBouncer, sql: string, password = administrator.password): Promise<unknown[]> {
  const client = new Client({ host, port, database: 'postgres', user: administrator.user, password });
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query({ text: sql, rowMode: 'array' })).rows[0] ?? [];
  } finally {
    await client.end();
  }
}

describe(`a PgBouncer for tests ${missing}`, () => {
  beforeEach(({ skip }) => skip(missing !== '', missing));

  test('pools transactions for whoever is in its file', async () => {
    await using pooler = await open();
    expect(await query(pooler, 'SELECT 42')).toEqual([42]);
    await expect(query(pooler, 'SELECT 42', 'wrong')).rejects.toThrow('SASL authentication failed');
    expect(await pooler.administer('SHOW POOLS')).toContainEqual(
      expect.objectContaining({ database: 'postgres', pool_mode: 'transaction' }),
    );
  });

  test('takes other settings than its own', async () => {
    await using pooler = await open({ settings: { pool_mode: 'session', application_name_add_host: '1' } });
    expect(await pooler.administer('SHOW CONFIG')).toContainEqual(expect.objectContaining({ key: 'pool_mode', value: 'session' }));
  });

  test('says what it does not like of its settings', async () => {
    await expect(open({ settings: { pool_mode: 'nonsense' } })).rejects.toThrow(/pgbouncer ended while starting:.*nonsense/s);
  });

  test('can be stopped and started again where it was', async () => {
    await using pooler = await open();
    await pooler.stop();
    await expect(query(pooler, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
    await pooler.start();
    expect(await query(pooler, 'SELECT 1')).toEqual([1]);
  });
});
