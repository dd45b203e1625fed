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
  /** Milliseconds for which requests share what asking for a tenant's waking came to. Default 1000. */
  shareMs?: number | undefined;
}

const defaultShareMs = 1000;

/** A pool whose leases keep tenants awake: one that hibernates is woken when it is asked for. Disposing of it disposes of `pool`. */
export function openWakingPool(pool: TenantPool, options: WakingPoolOptions): TenantPool {
  const { directory, bus, catalog, activity, logger, shareMs = defaultShareMs } = options;
  /** By tenant, for a while: however many requests there are for one that does not wake, they ask once. */
  const asked = new Map<string, Promise<boolean>>();

  /** @returns whether another try to lease the tenant may fare better */
  async function wake(tenantId: string): Promise<boolean> {
    try {
      const { status } = await directory.lookup(tenantId);
      if (status !== 'HIBERNATED') return false;
      if (await catalog.requestWake(tenantId)) await bus.publish(tenantId);
      // Somebody else was faster, and word of it is under way.
      else await directory.invalidate(tenantId);
      return true;
    } catch (err) {
      logger.warn({ err, tenantId }, 'a tenant that hibernates could not be asked to wake');
      return false;
    }
  }

  async function wakeOnce(tenantId: string): Promise<boolean> {
    const shared = asked.get(tenantId);
    if (shared) return await shared;
    const waking = wake(tenantId);
    asked.set(tenantId, waking);
    setTimeout(() => asked.delete(tenantId), shareMs).unref();
    return await waking;
  }

  const lease: TenantPool['lease'] = async (tenantId, leaseOptions) => {
    try {
      return await pool.lease(tenantId, leaseOptions);
    } catch (error) {
      if (!(error instanceof TenantWakingError) || !(await wakeOnce(tenantId.toLowerCase()))) throw error;
      return await pool.lease(tenantId, leaseOptions);
    }
  };

  return {
    lease: async (tenantId, leaseOptions) => {
      const granted = await lease(tenantId, leaseOptions);
      activity.note(granted.tenantId);
      return granted;
    },
    evict: async (tenantId, reason) => await pool.evict(tenantId, reason),
    [Symbol.asyncDispose]: async () => await pool[Symbol.asyncDispose](),
  };
}
