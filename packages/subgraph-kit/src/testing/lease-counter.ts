import type { TenantPool } from '@tenantry/tenant-pool';

/** A pool that counts its leases. */
export interface LeaseCounter {
  readonly pool: TenantPool;
  taken: number;
  returned: number;
}

export function countLeases(pool: TenantPool): LeaseCounter {
  const counter: LeaseCounter = {
    taken: 0,
    returned: 0,
    pool: {
      lease: async (tenantId, options) => {
        const lease = await pool.lease(tenantId, options);
        counter.taken++;
        return {
          tenantId: lease.tenantId,
          db: lease.db,
          [Symbol.asyncDispose]: async () => {
            counter.returned++;
            await lease[Symbol.asyncDispose]();
          },
        };
      },
      evict: async (tenantId, reason) => await pool.evict(tenantId, reason),
      [Symbol.asyncDispose]: async () => await pool[Symbol.asyncDispose](),
    },
  };
  return counter;
}
