import { randomBytes } from 'node:crypto';
import { escapeIdentifier, escapeLiteral, type Client } from 'pg';
import type { ClusterAdmin } from '../clusters/cluster-admin.ts';
import { withOwnSession } from '../clusters/own-session.ts';
import { databaseUrl } from '../postgres/connection.ts';
import { forceDropDatabase } from '../postgres/force-drop-database.ts';
import { scramVerifier } from '../postgres/scram.ts';

/** What the names of all scratch databases, and of their roles, begin with. */
export const scratchPrefix = 'tenantry_scratch_';

const scratchName = /^tenantry_scratch_[0-9a-f]{12}$/;

const passwordBytes = 32;

type Cluster = Pick<ClusterAdmin, 'pool' | 'within'>;

/**
 * Makes an empty database with a role that owns it, and may nothing else: a backup may hold code that runs when it is restored. After
 * `work`, however that ends, both are dropped; when the process dies, by whoever calls {@link dropAbandonedScratch}.
 *
 * @param key of the backup, which the database's comment tells: whoever erases what that is of finds it by that
 */
export async function withScratchDatabase<Result>(
  cluster: Cluster & Pick<ClusterAdmin, 'url'>,
  key: string,
  work: (url: string) => Promise<Result>,
): Promise<Result> {
  const { pool, url } = cluster;
  const name = `${scratchPrefix}${randomBytes(6).toString('hex')}`;
  const password = randomBytes(passwordBytes).toString('base64url');
  return await holding(cluster, name, async () => {
    try {
      await makeRole(pool, name, password);
      await makeDatabase(pool, name, key);
      return await work(databaseUrl(url(name), name, { user: name, password }));
    } finally {
      await drop(pool, name);
    }
  });
}

/** Names of what processes that died have left of {@link withScratchDatabase}: of databases, of roles, or of both. */
export async function findAbandonedScratch(cluster: Cluster): Promise<string[]> {
  return await eachAbandoned(cluster, async () => {});
}

/** Drops what {@link findAbandonedScratch} finds. @returns names */
export async function dropAbandonedScratch(cluster: Cluster): Promise<string[]> {
  return await eachAbandoned(cluster, async (name) => await drop(cluster.pool, name));
}

async function eachAbandoned(cluster: Cluster, work: (name: string) => Promise<void>): Promise<string[]> {
  const { rows } = await cluster.pool.query<{ name: string }>(
    `SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1)
     UNION SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1)`,
    [scratchPrefix],
  );
  const names = rows.map(({ name }) => name).filter((name) => scratchName.test(name));
  if (names.length === 0) return [];
  return await withOwnSession(cluster, async (session) => {
    const abandoned: string[] = [];
    for (const name of names) if (await unlessHeld(session, name, work)) abandoned.push(name);
    return abandoned;
  });
}

async function unlessHeld(session: Client, name: string, work: (name: string) => Promise<void>): Promise<boolean> {
  const { rows } = await session.query<{ isFree: boolean }>('SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS "isFree"', [
    lockOf(name),
  ]);
  if (rows[0]?.isFree !== true) return false;
  await work(name);
  return true;
}

/** For as long as `work` runs, nobody takes the database for abandoned. */
async function holding<Result>(cluster: Cluster, name: string, work: () => Promise<Result>): Promise<Result> {
  return await withOwnSession(cluster, async (session) => {
    await session.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [lockOf(name)]);
    return await work();
  });
}

function lockOf(name: string): string {
  return `tenantry: scratch ${name}`;
}

async function drop(pool: ClusterAdmin['pool'], name: string): Promise<void> {
  await forceDropDatabase(pool, name);
  await pool.query(`DROP ROLE IF EXISTS ${escapeIdentifier(name)}`);
}

async function makeRole(pool: ClusterAdmin['pool'], name: string, password: string): Promise<void> {
  const rights = 'LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS';
  await pool.query(`CREATE ROLE ${escapeIdentifier(name)} ${rights} PASSWORD ${escapeLiteral(scramVerifier(password))}`);
  // The administrator has to own what the role owns. Since Postgres 16 that is not a matter of the administrator's role alone.
  const { rows } = await pool.query<{ hasOptions: boolean }>(`SELECT current_setting('server_version_num')::int >= 160000 AS "hasOptions"`);
  await pool.query(`GRANT ${escapeIdentifier(name)} TO CURRENT_USER${rows[0]?.hasOptions ? ' WITH INHERIT TRUE, SET TRUE' : ''}`);
}

async function makeDatabase(pool: ClusterAdmin['pool'], name: string, key: string): Promise<void> {
  const database = escapeIdentifier(name);
  // A database is born open to every role.
  await pool.query(`CREATE DATABASE ${database} TEMPLATE template0 ENCODING 'UTF8' OWNER ${database} ALLOW_CONNECTIONS false`);
  await pool.query(`
    REVOKE ALL ON DATABASE ${database} FROM PUBLIC;
    COMMENT ON DATABASE ${database} IS ${escapeLiteral(`Tenantry: a test restore of ${key}, dropped when that is done`)};
    ALTER DATABASE ${database} WITH ALLOW_CONNECTIONS true;
  `);
}
