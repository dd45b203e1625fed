import { setTimeout as sleep } from 'node:timers/promises';
import type { TenantPlacement } from '../directory/placement.ts';
import { LeaseRevokedError } from '../errors.ts';
import type { TenantLease, TenantPool } from '../lease.ts';
import { kinds, TenantTraffic } from './tenant-traffic.ts';

export interface Traffic {
  /** In the order of the tenants. */
  readonly tenants: readonly TenantTraffic[];
  of(tenant: TenantPlacement): TenantTraffic;
  /** Waits until all kinds of operations succeed with all of these tenants. Default: all. */
  flows(tenants?: readonly TenantPlacement[]): Promise<void>;
  /** Ends when what is under way has settled. */
  stop(): Promise<void>;
}

/** Milliseconds between operations of one worker: a tenant that is known to be down is refused within one turn of the event loop. */
const pauseMs = 2;

/**
 * Reads, writes and transacts with each tenant until it is told to stop: as two requests that are made again and again, and as a job,
 * which holds on to its lease.
 */
export function startTraffic(pool: TenantPool, placements: readonly TenantPlacement[]): Traffic {
  const stopping = new AbortController();
  const tenants = placements.map((placement) => new TenantTraffic(placement));
  const workers = [request(0), request(1), job];
  const running = tenants.flatMap((tenant) => workers.map(async (work) => await work(pool, tenant, stopping.signal)));
  const of = ({ tenantId }: TenantPlacement) => {
    const found = tenants.find(({ tenant }) => tenant.tenantId === tenantId);
    if (!found) throw new Error(`there is no traffic of ${tenantId}`);
    return found;
  };
  return {
    tenants,
    of,
    flows: async (some = placements) => void (await Promise.all(some.map(async (placement) => await of(placement).flows()))),
    stop: async () => {
      stopping.abort();
      await Promise.all(running);
    },
  };
}

type Worker = (pool: TenantPool, traffic: TenantTraffic, stopping: AbortSignal) => Promise<void>;

const kindOf = (turn: number) => kinds[turn % kinds.length] ?? 'read';

/** @param first which kind of operation it begins with */
function request(first: number): Worker {
  return async (pool, traffic, stopping) => {
    for (let turn = first; !stopping.aborted; turn += 1) {
      try {
        await using lease = await pool.lease(traffic.tenant.tenantId, { operation: 'request' });
        await traffic.perform(lease.db, kindOf(turn));
      } catch (error) {
        traffic.note(error);
      }
      await sleep(pauseMs);
    }
  };
}

/** Holds its lease through whatever happens, until that is revoked. */
const job: Worker = async (pool, traffic, stopping) => {
  let lease: TenantLease | undefined;
  for (let turn = 0; !stopping.aborted; turn += 1) {
    try {
      lease ??= await pool.lease(traffic.tenant.tenantId, { operation: 'job' });
      await traffic.perform(lease.db, kindOf(turn));
    } catch (error) {
      traffic.note(error);
      if (error instanceof LeaseRevokedError) lease = undefined;
    }
    await sleep(pauseMs);
  }
  await lease?.[Symbol.asyncDispose]();
};
