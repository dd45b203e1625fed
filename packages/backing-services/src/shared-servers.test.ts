import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';

test('the shared Postgres gives a superuser room for a whole run', async () => {
  const client = new Client({ connectionString: inject('postgresUrl') });
  onTestFinished(async () => await client.end());
  await client.connect();

  const { rows } = await client.query(`SELECT rolsuper, current_setting('max_connections')::int AS max_connections,
    current_database() FROM pg_roles WHERE rolname = current_user`);
  expect(rows).toEqual([{ rolsuper: true, max_connections: expect.any(Number), current_database: 'postgres' }]);
  expect(rows[0].max_connections).toBeGreaterThanOrEqual(300);
});

test('the shared Redis keeps what it is given', async (context) => {
  const url = inject('redisUrl');
  context.skip(url === null, inject('redisMissing'));
  const redis = new Redis(url ?? '');
  onTestFinished(() => redis.disconnect());
  const key = `backing-services:${randomUUID()}`;

  await redis.set(key, 'kept', 'EX', 60);
  await expect(redis.get(key)).resolves.toBe('kept');
  await redis.del(key);
});
