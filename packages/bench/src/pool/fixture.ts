import { randomBytes } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { startDisposablePostgres } from '@tenantry/backing-services';
import { Pool } from 'pg';
import type { ScenarioContext } from '../scenario.ts';
import type { Tenant } from './tenant.ts';
import { DiskSpaceError } from '../errors.ts';
import { createTemplate, createTenant } from './tenant-databases.ts';

/** Connections that the server takes: far more than a process of ours uses, far fewer than one for each of 2,000 tenants. */
export const serverConnections = 700;

/** Bytes of disk that a tenant's database takes, and the room that its creation needs beside it. */
const bytesPerTenant = 11 * 2 ** 20;

/** Databases made at the same time. */
const parallel = 4;

const settings = {
  max_connections: String(serverConnections),
  shared_buffers: '512MB',
  // As for the roles that tenants are given: their passwords are random, and need no stretching. All contenders sign in with the same one.
  scram_iterations: '1',
  max_wal_size: '2GB',
  // Both would go through thousands of databases while others are measured.
  autovacuum: 'off',
  checkpoint_timeout: '1h',
};

/** A Postgres of its own, with as many tenants' databases as the scenarios ask for. */
export interface PoolFixture extends AsyncDisposable {
  /** Version of the server. */
  readonly postgres: string;
  /** The first `count` tenants. Each has a database of its own that has been connected to before. */
  tenants(count: number): Promise<readonly Tenant[]>;
  /** Connections that tenants have at this moment, as the server counts them. */
  connections(): Promise<number>;
  /** Has the server refuse more than `limit` connections of all tenants together; -1 for no limit. */
  limitConnections(limit: number): Promise<void>;
}

export async function openPoolFixture({ progress, signal }: Omit<ScenarioContext<never>, 'fixture'>): Promise<PoolFixture> {
  progress.update('starting Postgres');
  await using resources = new AsyncDisposableStack();
  const server = resources.use(await startDisposablePostgres({ settings }));
  const administrator = new Pool({ connectionString: server.url, max: parallel });
  // Raised when the server stops before a connection has quite ended; a query that fails says so itself.
  administrator.on('error', () => {});
  resources.defer(async () => await administrator.end());

  const role = 'bench';
  const password = randomBytes(12).toString('base64url');
  await administrator.query(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
  const template = await createTemplate(administrator, server.url, role);
  const made: Promise<Tenant>[] = [];
  const { rows } = await administrator.query<{ server_version: string }>('SHOW server_version');
  const owned = resources.move();

  return {
    postgres: rows[0]?.server_version ?? '',
    tenants: async (count) => {
      await assertDiskSpace(count - made.length);
      for (let done = made.length; done < count; done = Math.min(done + parallel, count)) {
        signal.throwIfAborted();
        progress.update(`making databases, ${done} of ${count}`);
        for (let index = done; index < Math.min(done + parallel, count); index += 1) {
          made.push(createTenant({ administrator, url: server.url, template, role, password, index }));
        }
        await Promise.all(made.slice(done));
      }
      return await Promise.all(made.slice(0, count));
    },
    connections: async () => {
      const sql = 'SELECT count(*)::int AS count FROM pg_stat_activity WHERE usename = $1';
      return (await administrator.query<{ count: number }>(sql, [role])).rows[0]?.count ?? 0;
    },
    limitConnections: async (limit) => void (await administrator.query(`ALTER ROLE ${role} CONNECTION LIMIT ${limit}`)),
    [Symbol.asyncDispose]: async () => {
      progress.update('removing the databases');
      await owned.disposeAsync();
    },
  };
}

async function assertDiskSpace(tenants: number): Promise<void> {
  const { bavail, bsize } = await statfs(tmpdir());
  const [free, needed] = [bavail * bsize, tenants * bytesPerTenant];
  if (free > needed) return;
  throw new DiskSpaceError(
    `${tenants} more tenants need ${gigabytes(needed)} of disk; ${tmpdir()} has ${gigabytes(free)}. Name another folder in TMPDIR.`,
  );
}

function gigabytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GB`;
}
