import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { inject } from 'vitest';
import { openFaultyProxy, type FaultyProxy } from './faulty-proxy.ts';

/** A server that carries messages between processes. */
export interface MessageServer extends AsyncDisposable {
  /** Ends the connections that listen. */
  cut(): Promise<void>;
  /** All connections for messages go by it. */
  readonly proxy: FaultyProxy;
}

/** A control database that holds nothing. */
export async function openPostgresMessages(): Promise<MessageServer & { controlDatabaseUrl: string }> {
  const name = `bus_${randomBytes(6).toString('hex')}`;
  const administrator = new Client({ connectionString: inject('postgresUrl') });
  await administrator.connect();
  await administrator.query(`CREATE DATABASE ${name}`);
  const server = new URL(inject('postgresUrl'));
  const proxy = await openFaultyProxy({ host: server.hostname, port: Number(server.port) });
  return {
    proxy,
    controlDatabaseUrl: Object.assign(server, { pathname: name, host: `127.0.0.1:${proxy.port}` }).href,
    cut: async () => void (await administrator.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name])),
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await administrator.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await administrator.end();
    },
  };
}

/** The tests' Redis, by a client of one's own. */
export async function openRedisMessages(): Promise<MessageServer & { redis: Redis }> {
  const connectionName = `bus-${randomBytes(6).toString('hex')}`;
  const server = new URL(inject('redisUrl') ?? '');
  const proxy = await openFaultyProxy({ host: server.hostname, port: Number(server.port) });
  const url = Object.assign(server, { host: `127.0.0.1:${proxy.port}` }).href;
  const redis = new Redis(url, { connectionName, connectTimeout: 1000, commandTimeout: 1000, maxRetriesPerRequest: 1 });
  redis.on('error', () => {});
  await once(redis, 'ready');
  return {
    proxy,
    redis,
    cut: async () => {
      const clients = String(await redis.client('LIST')).split('\n');
      for (const client of clients.filter((line) => line.includes(`name=${connectionName} `) && / sub=1 /.test(line))) {
        await redis.client('KILL', 'ID', /id=(\d+)/.exec(client)?.[1] ?? '');
      }
    },
    [Symbol.asyncDispose]: async () => {
      redis.disconnect();
      await proxy[Symbol.asyncDispose]();
    },
  };
}
