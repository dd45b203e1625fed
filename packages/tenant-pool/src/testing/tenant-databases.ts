import { randomBytes, randomUUID } from 'node:crypto';
import { migrateDatabase } from '@tenantry/prisma';
import { seal, type KeyRing } from '@tenantry/service';
import { Client, Pool, type QueryResultRow } from 'pg';
import { inject } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import { placementOf } from './placements.ts';

/** Tenants with a database and a role each. */
export interface TenantDatabases extends AsyncDisposable {
  readonly placements: readonly TenantPlacement[];
  /** The placement at `index`; from the end where it is negative. @throws {RangeError} when there is none */
  tenant(index: number): TenantPlacement;
  readonly keyRing: KeyRing;
  /** Process ids of the connections to a tenant's database. */
  sessions(placement: TenantPlacement): Promise<number[]>;
  /** Runs SQL as the administrator. */
  administer<Row extends QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>;
  /** Runs SQL as the administrator, in one tenant's database. */
  within<Row extends QueryResultRow>(placement: TenantPlacement, sql: string, values?: unknown[]): Promise<Row[]>;
}

/** @throws {RangeError} when there is none at `index`, which counts from the end where it is negative */
export function tenantAt(placements: readonly TenantPlacement[], index: number): TenantPlacement {
  const placement = placements.at(index);
  if (!placement) throw new RangeError(`There is no tenant ${index} among ${placements.length}.`);
  return placement;
}

/** @param url of the server, as its superuser. Default: the tests' Postgres */
export async function createTenantDatabases(count: number, url: string = inject('postgresUrl')): Promise<TenantDatabases> {
  await using cleanup = new AsyncDisposableStack();
  const server = new URL(url);
  const prefix = `pool_${randomBytes(4).toString('hex')}`;
  const keyRing: KeyRing = new Map([['k1', randomBytes(32)]]);
  const administrator = cleanup.adopt(new Pool({ connectionString: server.href, max: 1 }), async (pool) => await pool.end());
  // A server that is stopped in a test takes the administrator's connection with it.
  administrator.on('error', () => {});
  const urlOf = (database: string) => Object.assign(new URL(server), { pathname: database }).href;
  const create = async (database: string, options = '') => {
    cleanup.defer(async () => void (await administrator.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)));
    await administrator.query(`CREATE DATABASE ${database} ${options}`);
  };

  const template = `${prefix}_template`;
  await create(template);
  await migrateDatabase({ url: urlOf(template), database: 'tenant' });
  await runOnce(urlOf(template), 'GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC');

  const placements: TenantPlacement[] = [];
  for (let index = 0; index < count; index += 1) {
    const name = `${prefix}_${index}`;
    const tenantId = randomUUID();
    const password = randomBytes(12).toString('base64url');
    cleanup.defer(async () => void (await administrator.query(`DROP ROLE IF EXISTS ${name}`)));
    await administrator.query(`CREATE ROLE ${name} LOGIN PASSWORD '${password}'`);
    await create(name, `OWNER ${name} TEMPLATE ${template} STRATEGY wal_log`);
    const sealedPassword = seal(password, tenantId, keyRing);
    placements.push(
      placementOf({ tenantId, host: server.hostname, port: Number(server.port), database: name, role: name, sealedPassword }),
    );
  }

  const owned = cleanup.move();
  return {
    placements,
    tenant: (index) => tenantAt(placements, index),
    keyRing,
    sessions: async ({ database }) => {
      // Autovacuum connects to databases, too.
      const sql = `SELECT pid FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend' ORDER BY pid`;
      return (await administrator.query<{ pid: number }>(sql, [database])).rows.map(({ pid }) => pid);
    },
    administer: async <Row extends QueryResultRow>(sql: string, values: unknown[] = []) =>
      (await administrator.query<Row>(sql, values)).rows,
    within: async <Row extends QueryResultRow>({ database }: TenantPlacement, sql: string, values: unknown[] = []) =>
      await runOnce<Row>(urlOf(database), sql, values),
    [Symbol.asyncDispose]: async () => await owned.disposeAsync(),
  };
}

async function runOnce<Row extends QueryResultRow>(connectionString: string, sql: string, values: unknown[] = []): Promise<Row[]> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}
