import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils';
import { unseal } from '@tenantry/service';
import { Pool } from 'pg';
import { adapterOver } from '../connections/driver.ts';
import type { TenantPlacement } from '../directory/placement.ts';
import type { TenantDatabases } from './tenant-databases.ts';

export interface TenantAdapter extends AsyncDisposable {
  readonly adapter: SqlDriverAdapter;
}

/** Prisma's adapter over a tenant's database, without a pool of ours. */
export async function openTenantAdapter(
  { keyRing }: Pick<TenantDatabases, 'keyRing'>,
  { tenantId, host, port, database, role, sealedPassword }: TenantPlacement,
): Promise<TenantAdapter> {
  const pool = new Pool({ host, port, database, user: role, password: unseal(sealedPassword, tenantId, keyRing), max: 2 });
  return { adapter: await adapterOver(pool), [Symbol.asyncDispose]: async () => await pool.end() };
}
