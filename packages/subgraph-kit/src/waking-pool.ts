import type { Logger } from '@tenantry/service';
import type { Catalog } from '@tenantry/tenant-control';
import { TenantWakingError, type InvalidationBus, type TenantDirectory, type TenantPool } from '@tenantry/tenant-pool';
import type { TenantActivity } from './tenant-activity.ts';

export interface WakingPoolOptions {
  directory: Pick<TenantDirectory, 'lookup' | 'invalidate'>;
  bus: Pick<InvalidationBus, 'publish'>;
  catalog: Pick<Catalog, 'requestWake'>;
  /** Told of each lease. */
  activity: Pick<TenantActivity, 'note'>;
  logger: Logger;
}

/** A pool whose leases keep tenants awake: one that hibernates is woken when it is asked for. Disposing of it disposes of `pool`. */
export function openWakingPool(pool: TenantPool, { directory, bus, catalog, activity, logger }: WakingPoolOptions): TenantPool {
  /** @returns whether another try to lease the tenant may fare better */
  async function wake(tenantId: string): Promise<boolean> {
    try {
      const { status } = await directory.lookup(tenantId);
      if (status !== 'HIBERNATED') return false;
      if (await catalog.requestWake(tenantId)) await bus.publish(tenantId.toLowerCase());
      // Somebody else was faster, and word of it is under way.
      else await directory.invalidate(tenantId);
      return true;
    } catch (err) {
      logger.warn({ err, tenantId }, 'a tenant that hibernates could not be asked to wake');
      return false;
    }
  }

  const lease: TenantPool['lease'] = async (tenantId, options) => {
    try {
      return await pool.lease(tenantId, options);
    } catch (error) {
      if (!(error instanceof TenantWakingError) || !(await wake(tenantId))) throw error;
      return await pool.lease(tenantId, options);
    }
  };

  return {
    lease: async (tenantId, options) => {
      const granted = await lease(tenantId, options);
      activity.note(granted.tenantId);
      return granted;
    },
    evict: async (tenantId, reason) => await pool.evict(tenantId, reason),
    [Symbol.asyncDispose]: async () => await pool[Symbol.asyncDispose](),
  };
}
