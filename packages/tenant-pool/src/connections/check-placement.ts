import { Pool } from 'pg';
import type { TenantPlacement } from '../directory/placement.ts';
import { defaultLimits } from '../limits.ts';
import { connectionConfig } from './connection-config.ts';

export interface CheckPlacementOptions {
  password: string;
  /** Name of the service, for `application_name`. */
  service: string;
}

/**
 * Connects once, on the way and with all the checks of a pool's connections.
 *
 * @throws what `pg` throws when no connection can be made, and {@link UnboundedRoleError}
 */
export async function checkPlacement(placement: TenantPlacement, { password, service }: CheckPlacementOptions): Promise<void> {
  const pool = new Pool({ ...connectionConfig({ placement, password: () => password, service, limits: defaultLimits }), max: 1 });
  // What breaks while it is being checked is thrown; what breaks while it is being closed was on its way out.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  try {
    (await pool.connect()).release();
  } finally {
    await pool.end();
  }
}
