import { Pool } from 'pg';
import { expect, inject, test } from 'vitest';
import { openFaultyProxy } from '../testing/faulty-proxy.ts';
import { boundedByRole } from './role-bounds.ts';

test('a server behind a pooler that signs in for it, and is not there, is waited for no longer than the deadline', async () => {
  const server = new URL(inject('postgresUrl'));
  await using proxy = await openFaultyProxy({ host: server.hostname, port: Number(server.port) });
  const pool = new Pool({
    connectionString: Object.assign(new URL(server), { port: String(proxy.port) }).href,
    onConnect: () => void (proxy.mode = 'silence'),
    verify: boundedByRole({ deadlineMs: 50, onBounded: () => {} }),
  });
  await expect(pool.connect()).rejects.toMatchObject({
    code: 'ETIMEDOUT',
    message: "The pooler had no server's answer within 50 ms.",
  });
  await pool.end();
});
