import { randomBytes } from 'node:crypto';
import { escapeIdentifier, escapeLiteral } from 'pg';
import type { ClusterAdmin } from '../clusters/cluster-admin.ts';
import { databaseUrl } from '../postgres/connection.ts';
import { scramVerifier } from '../postgres/scram.ts';

/** What the names of all scratch databases, and of their roles, begin with: nobody misses one whose process died. */
export const scratchPrefix = 'tenantry_scratch_';

const passwordBytes = 32;

/**
 * Makes an empty database with a role that owns it, and may nothing else: a backup may hold code that runs when it is restored. After
 * `work`, however that ends, both are dropped.
 */
export async function withScratchDatabase<Result>(
  { pool, url }: Pick<ClusterAdmin, 'pool' | 'url'>,
  work: (url: string) => Promise<Result>,
): Promise<Result> {
  const name = `${scratchPrefix}${randomBytes(6).toString('hex')}`;
  const password = randomBytes(passwordBytes).toString('base64url');
  try {
    await makeRole(pool, name, password);
    await makeDatabase(pool, name);
    return await work(databaseUrl(url(name), name, { user: name, password }));
  } finally {
    await pool.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(name)} WITH (FORCE)`);
    await pool.query(`DROP ROLE IF EXISTS ${escapeIdentifier(name)}`);
  }
}

async function makeRole(pool: ClusterAdmin['pool'], name: string, password: string): Promise<void> {
  const rights = 'LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS';
  await pool.query(`CREATE ROLE ${escapeIdentifier(name)} ${rights} PASSWORD ${escapeLiteral(scramVerifier(password))}`);
  // The administrator has to own what the role owns. Since Postgres 16 that is not a matter of the administrator's role alone.
  const { rows } = await pool.query<{ hasOptions: boolean }>(`SELECT current_setting('server_version_num')::int >= 160000 AS "hasOptions"`);
  await pool.query(`GRANT ${escapeIdentifier(name)} TO CURRENT_USER${rows[0]?.hasOptions ? ' WITH INHERIT TRUE, SET TRUE' : ''}`);
}

async function makeDatabase(pool: ClusterAdmin['pool'], name: string): Promise<void> {
  const database = escapeIdentifier(name);
  // A database is born open to every role.
  await pool.query(`CREATE DATABASE ${database} TEMPLATE template0 ENCODING 'UTF8' OWNER ${database} ALLOW_CONNECTIONS false`);
  await pool.query(`
    REVOKE ALL ON DATABASE ${database} FROM PUBLIC;
    COMMENT ON DATABASE ${database} IS ${escapeLiteral('Tenantry: a test restore of a backup, dropped when that is done')};
    ALTER DATABASE ${database} WITH ALLOW_CONNECTIONS true;
  `);
}
