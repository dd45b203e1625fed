import { randomBytes } from 'node:crypto';
import { migrateDatabase } from '@tenantry/prisma';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { inject } from 'vitest';

/** Where registers keep their claims, on a real server. */
export interface SharePlace extends AsyncDisposable {
  readonly url: string;
  /** Drops the connections of all registers. */
  cut(): Promise<void>;
  /** How many connections there are. */
  connections(): Promise<number>;
}

export async function openPostgresPlace(): Promise<SharePlace> {
  const name = `shares_${randomBytes(6).toString('hex')}`;
  const administrator = new Client({ connectionString: inject('postgresUrl') });
  await administrator.connect();
  await administrator.query(`CREATE DATABASE ${name}`);
  const url = Object.assign(new URL(inject('postgresUrl')), { pathname: name }).href;
  await migrateDatabase({ url, database: 'control' });
  const count = async (expression: string) => {
    const sql = `SELECT count(${expression})::int AS count FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'`;
    return (await administrator.query<{ count: number }>(sql, [name])).rows[0]?.count ?? 0;
  };
  return {
    url,
    cut: async () => void (await count('pg_terminate_backend(pid)')),
    connections: async () => await count('pid'),
    [Symbol.asyncDispose]: async () => {
      await administrator.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await administrator.end();
    },
  };
}

export async function openRedisPlace(): Promise<SharePlace> {
  const installation = `test-${randomBytes(6).toString('hex')}`;
  const server = inject('redisUrl') ?? '';
  const administrator = new Redis(server);
  const clients = async () => {
    const list = String(await administrator.client('LIST'))
      .trim()
      .split('\n');
    return list.filter((client) => client.includes(` name=${installation} `)).map((client) => /id=(\d+)/.exec(client)?.[1] ?? '');
  };
  return {
    url: Object.assign(new URL(server), { hash: installation }).href,
    cut: async () => {
      for (const id of await clients()) await administrator.client('KILL', 'ID', id);
    },
    connections: async () => (await clients()).length,
    [Symbol.asyncDispose]: async () => {
      await administrator.del(`shares:${installation}:standard`);
      administrator.disconnect();
    },
  };
}
