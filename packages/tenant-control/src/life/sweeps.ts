import { z } from 'zod';
import type { Logger } from '@tenantry/service';
import { parseOrRefuse } from '../parse-or-refuse.ts';
import type { Actor } from '../tenant.ts';
import { hibernateTenant, type HibernateOptions } from './hibernation/hibernate-tenant.ts';
import { purgeTenant } from './purge/purge-tenant.ts';
import type { LifeServices } from './services.ts';

const limitRule = 'must be a whole number from 1 to 10000';
const limitSchema = z.int(limitRule).min(1, limitRule).max(10_000, limitRule);
const idleRule = 'must be a whole number of days from 1 to 36500';
const idleDaysSchema = z.int(idleRule).min(1, idleRule).max(36_500, idleRule);
const dayMs = 86_400_000;

export interface SweepOptions {
  /** Tenants that are dealt with at most: from 1 to 10000. */
  readonly limit: number;
  /** Once aborted, the sweep ends with the tenant that it is at. */
  readonly signal?: AbortSignal | undefined;
}

export interface IdleOptions extends SweepOptions, HibernateOptions {
  /** Days without a request after which a tenant counts as idle: from 1 to 36500. */
  readonly idleDays: number;
}

/**
 * Puts tenants to sleep that nobody has asked for in a while, those first that are idle for the longest time; one after the other.
 *
 * @returns ids of those that hibernate now; what failed is logged
 * @throws {BadInputError}
 */
export async function hibernateIdle(options: IdleOptions, actor: Actor, services: LifeServices): Promise<string[]> {
  const limit = parseOrRefuse(limitSchema, options.limit, 'limit');
  const idleDays = parseOrRefuse(idleDaysSchema, options.idleDays, 'idleDays');
  const idle = await services.db.$queryRaw<{ id: string }[]>`
    SELECT id FROM tenants WHERE status = 'ACTIVE' AND coalesce(last_active_at, created_at) < now() - make_interval(days => ${idleDays}::int)
    ORDER BY coalesce(last_active_at, created_at), id LIMIT ${limit}`;
  return await sweep(idle, options, services.logger, async (id) => {
    const tenant = await hibernateTenant(id, actor, options, services, ({ lastActiveAt, createdAt, now }) => {
      return now.getTime() - (lastActiveAt ?? createdAt).getTime() > idleDays * dayMs;
    });
    return tenant.status === 'HIBERNATED';
  });
}

/**
 * Purges deleted tenants whose days of grace are over, those first that were due first; one after the other.
 *
 * @returns ids of those that are purged; what failed is logged, and tried again by itself
 * @throws {BadInputError}
 */
export async function purgeDue(options: SweepOptions, actor: Actor, services: LifeServices): Promise<string[]> {
  const limit = parseOrRefuse(limitSchema, options.limit, 'limit');
  const due = await services.db.$queryRaw<{ id: string }[]>`
    SELECT id FROM tenants WHERE status = 'DELETING' AND purge_after <= now() ORDER BY purge_after, id LIMIT ${limit}`;
  return await sweep(due, options, services.logger, async (id) => (await purgeTenant(id, actor, {}, services)).status === 'DELETED');
}

/** @returns ids of those of which `work` says that it is done */
async function sweep(
  tenants: readonly { id: string }[],
  { signal }: SweepOptions,
  logger: Logger,
  work: (id: string) => Promise<boolean>,
): Promise<string[]> {
  const done: string[] = [];
  for (const { id } of tenants) {
    if (signal?.aborted) break;
    try {
      if (await work(id)) done.push(id);
    } catch (err) {
      logger.warn({ err, tenantId: id }, 'a tenant was left out by a sweep');
    }
  }
  return done;
}
