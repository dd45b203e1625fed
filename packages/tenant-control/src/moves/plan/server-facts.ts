import type { Pool } from 'pg';

/** What a Postgres server can do for a move, as its administrator finds it. */
export interface ServerFacts {
  /** `server_version_num`. */
  readonly version: number;
  readonly walLevel: string;
  readonly systemId: string;
  /** With the same system, the same only for the same server: a copy of it was started at another time. */
  readonly startedAt: string;
  /** Whether the administrator may make replication slots, and roles that may read them. */
  readonly maySend: boolean;
  /** Whether the administrator may make subscriptions. */
  readonly maySubscribe: boolean;
  /** Replication slots and connections that are free, whichever are fewer. */
  readonly freeSenders: number;
  /** Subscriptions' workers that are free. */
  readonly freeWorkers: number;
}

export async function readServer(pool: Pick<Pool, 'query'>): Promise<ServerFacts> {
  const { rows } = await pool.query<ServerFacts>(serverFacts);
  const [facts] = rows;
  if (!facts) throw new Error('The server does not know the role that asks.');
  return facts;
}

const serverFacts = `
  SELECT version, current_setting('wal_level') AS "walLevel",
    (SELECT system_identifier::text FROM pg_control_system()) AS "systemId", pg_postmaster_start_time()::text AS "startedAt",
    rolsuper OR (version >= 160000 AND rolcreaterole AND rolreplication) AS "maySend",
    rolsuper OR EXISTS (SELECT FROM pg_roles AS given WHERE given.rolname = 'pg_create_subscription' AND pg_has_role(given.oid, 'USAGE'))
      AS "maySubscribe",
    least(current_setting('max_replication_slots')::int - (SELECT count(*)::int FROM pg_replication_slots),
      current_setting('max_wal_senders')::int - (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'walsender'))
      AS "freeSenders",
    current_setting('max_logical_replication_workers')::int - (SELECT count(pid)::int FROM pg_stat_subscription) AS "freeWorkers"
  FROM pg_roles, (SELECT current_setting('server_version_num')::int AS version) AS server
  WHERE rolname = current_user`;

export function isSameServer(one: ServerFacts, other: ServerFacts): boolean {
  return one.systemId === other.systemId && one.startedAt === other.startedAt;
}
