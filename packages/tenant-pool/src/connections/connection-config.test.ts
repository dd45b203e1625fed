import { Socket } from 'node:net';
import { Client, Pool, type PoolClient } from 'pg';
import { expect, inject, test } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import { defaultLimits, type PoolLimits } from '../limits.ts';
import { placementOf } from '../testing/placements.ts';
import { connectionConfig } from './connection-config.ts';

const server = new URL(inject('postgresUrl'));
const placement = placementOf({
  host: server.hostname,
  port: Number(server.port),
  database: 'postgres',
  role: decodeURIComponent(server.username),
});
const password = decodeURIComponent(server.password);

async function connected<Result>(
  work: (client: PoolClient) => Promise<Result> | Result,
  { change = {}, limits = {} }: { change?: Partial<TenantPlacement>; limits?: Partial<PoolLimits> } = {},
): Promise<Result> {
  const options = { placement: { ...placement, ...change }, limits: { ...defaultLimits, ...limits } };
  const pool = new Pool(connectionConfig({ ...options, password: () => password, service: 'users' }));
  try {
    const client = await pool.connect();
    try {
      return await work(client);
    } finally {
      client.release();
    }
  } finally {
    await pool.end();
  }
}

const settings = `SELECT current_setting('application_name') AS name, current_setting('statement_timeout') AS statement,
  current_setting('idle_in_transaction_session_timeout') AS idle`;

test('a direct session bears the service’s name and the pool’s bounds', async () => {
  const limits = { statementTimeoutMs: 1234, idleInTransactionMs: 4321 };
  const { rows } = await connected(async (client) => await client.query(settings), { limits });
  expect(rows).toEqual([{ name: 'tenantry:users', statement: '1234ms', idle: '4321ms' }]);
});

test('one by a pooler is told nothing but its name, and refused when its role has no bounds', async () => {
  const work = connected(async (client) => await client.query(settings), { change: { pooling: 'transaction' } });
  await expect(work).rejects.toThrow(
    "The tenant's role has no statement_timeout and no idle_in_transaction_session_timeout of its own. " +
      'Restart the process with TENANT_CLUSTERS, which sets them.',
  );
});

test('a connection by a pooler may be silent for as long as the bounds of its role allow', async () => {
  const role = `bounded_${crypto.randomUUID().replaceAll('-', '')}`;
  await administer(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
  // The tests of other packages close the database to whoever is not let in by name.
  await administer(`GRANT CONNECT ON DATABASE postgres TO ${role}`);
  await administer(`ALTER ROLE ${role} SET statement_timeout = '2min'`);
  await administer(`ALTER ROLE ${role} SET idle_in_transaction_session_timeout = '1500ms'`);
  const stream = await connected(streamOf, { change: { pooling: 'transaction', role } });
  expect(stream).toHaveProperty('timeout', 130_000);
  await administer(`DROP OWNED BY ${role}`);
  await administer(`DROP ROLE ${role}`);
});

async function administer(sql: string): Promise<void> {
  await connected(async (client) => await client.query(sql));
}

function streamOf(client: PoolClient): unknown {
  return client instanceof Client ? client.connection.stream : null;
}

test.each([
  ['longer than a statement and its connection may take', {}, 25_000],
  ['longer than a transaction may sit idle', { idleInTransactionMs: 60_000 }, 65_000],
  ['longer than a connection may go unused', { idleConnectionMs: 90_000 }, 95_000],
  ['as long as it likes, where statements may take as long as they like', { statementTimeoutMs: 0 }, 0],
])('a connection may be silent %s', async (_what, limits, deadlineMs) => {
  const stream = await connected(streamOf, { limits });
  expect(stream).toBeInstanceOf(Socket);
  expect(stream).toHaveProperty('timeout', deadlineMs);
});
