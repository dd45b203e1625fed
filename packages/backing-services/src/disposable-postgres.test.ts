import { Client } from 'pg';
import { expect, test } from 'vitest';
import { startDisposablePostgres } from './disposable-postgres.ts';

async function answer(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows[0]?.[0];
  } finally {
    await client.end();
  }
}

test('is where it was, with its data, after it was stopped in any way', async () => {
  await using server = await startDisposablePostgres({ settings: { synchronous_commit: 'on', work_mem: '5MB' } });
  await answer(server.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
  for (const how of ['fast', 'immediate'] as const) {
    await server.stop(how);
    await expect(answer(server.url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await server.start();
    expect(await answer(server.url, 'SELECT answer FROM kept')).toBe(42);
  }
  expect(await answer(server.url, 'SHOW work_mem')).toBe('5MB');
});

test('starts as slowly as one likes', async () => {
  await using server = await startDisposablePostgres();
  await server.stop('fast');
  const goOn = await server.startSlowly();
  const state = async () => await answer(server.url, 'SELECT 1').catch((error: unknown) => error);
  await expect.poll(state, { timeout: 10_000 }).toMatchObject({ code: '57P03' });
  await goOn();
  expect(await answer(server.url, 'SELECT 1')).toBe(1);
});

test('is gone when it is disposed of while it starts', async () => {
  const server = await startDisposablePostgres();
  await server.stop('fast');
  await server.startSlowly();
  const state = async () => await answer(server.url, 'SELECT 1').catch((error: unknown) => error);
  await expect.poll(state, { timeout: 10_000 }).toMatchObject({ code: '57P03' });
  await server[Symbol.asyncDispose]();
  expect(await state()).toMatchObject({ code: 'ECONNREFUSED' });
});
