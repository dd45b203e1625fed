import { Pool } from 'pg';
import type { TenantPlacement } from '../directory/placement.ts';
import { defaultLimits } from '../limits.ts';
import { connectionConfig } from './connection-config.ts';
import { PooledClient, type ConnectionWatcher, type PooledClientOptions } from './pooled-client.ts';

export interface CheckPlacementOptions {
  password: string;
  /** Name of the service, for `application_name`. */
  service: string;
}

/**
 * Connects once, on the way and with all the checks of a pool's connections. A server that does not answer is waited for as long as a
 * pool waits by default: 5 seconds, and behind a pooler 5 more.
 *
 * @throws {TenantUnavailableError} when no connection can be made by such a placement; {@link UnboundedRoleError}; else what `pg` throws
 */
export async function checkPlacement(placement: TenantPlacement, { password, service }: CheckPlacementOptions): Promise<void> {
  const connection = connectionConfig({ placement, password: () => password, service, limits: defaultLimits });
  const options: PooledClientOptions = { ...connection, max: 1, Client: PooledClient, connection, watcher: nobody };
  const pool = new Pool(options);
  // What breaks while it is being checked is thrown; what breaks while it is being closed was on its way out.
  pool.on('error', () => {});
  try {
    (await pool.connect()).release();
  } finally {
    await pool.end();
  }
}

const nobody: ConnectionWatcher = { onStart: () => {}, onLeave: () => {}, onEnd: () => {} };
