import type { Prisma, PrismaClient } from '@tenantry/prisma/control';
import { canonicalUuid } from '@tenantry/service';
import { z } from 'zod';
import type { ClusterAdmin } from './clusters/cluster-admin.ts';
import { parseOrRefuse } from './parse-or-refuse.ts';
import { measureUsage } from './usage.ts';

/** What a tenant's database took up at a time. */
export interface UsageSample {
  readonly tenantId: string;
  readonly at: Date;
  /** Size on disk. */
  readonly databaseBytes: number;
}

export interface ListUsageOptions {
  /** The earliest instant that counts. Default: there is none. */
  readonly from?: Date | null | undefined;
  /** The earliest instant after `from` that does not count any more. Default: there is none. */
  readonly to?: Date | null | undefined;
  /** Samples of each tenant to read at most, from 1 to 1000: the newest. */
  readonly limit: number;
}

/** What one sampling did. */
export interface Sampling {
  readonly sampled: number;
  /** Tenants on clusters that did not answer. */
  readonly failed: number;
}

/** Tenants that are measured by one statement to each cluster. */
const measuredAtOnce = 500;

/** Tenants whose samples are thinned by one statement, each of which has some 570: all of them would not be done within its deadline. */
const thinnedAtOnce = 200;

/** Days for which every sample is kept; of each day before, the first one is. */
const finelyKeptDays = 7;

/** Days after which none is kept. */
const keptDays = 400;

/** Measures the tenants that are in use and keeps what they take up. */
export async function sampleUsage(db: PrismaClient, clusters: ReadonlyMap<string, ClusterAdmin>): Promise<Sampling> {
  let [sampled, failed] = [0, 0];
  for await (const ids of batchesOfTenants(db, { status: { in: ['ACTIVE', 'SUSPENDED'] } }, measuredAtOnce)) {
    const usages = await measureUsage(db, clusters, ids);
    const measured = ids.flatMap((id, index) => {
      const usage = usages[index];
      return !usage || usage instanceof Error ? [] : [{ id, bytes: usage.databaseBytes }];
    });
    // One that is deleted by now leaves nothing.
    sampled += await db.$executeRaw`
      INSERT INTO usage_samples (tenant_id, at, database_bytes)
      SELECT tenants.id, date_trunc('minute', now()), measured.bytes
      FROM unnest(${measured.map(({ id }) => id)}::uuid[], ${measured.map(({ bytes }) => bytes)}::bigint[]) AS measured (id, bytes)
      JOIN tenants ON tenants.id = measured.id AND tenants.status IN ('ACTIVE', 'SUSPENDED')
      ON CONFLICT DO NOTHING`;
    failed += ids.length - measured.length;
  }
  return { sampled, failed };
}

/** Their ids, `batch` at a time. */
async function* batchesOfTenants(db: PrismaClient, where: Prisma.TenantWhereInput, batch: number): AsyncGenerator<string[]> {
  for (let last: string | undefined; ;) {
    const tenants = await db.tenant.findMany({
      where: { ...where, ...(last !== undefined && { id: { gt: last } }) },
      orderBy: { id: 'asc' },
      take: batch,
      select: { id: true },
    });
    if (tenants.length === 0) return;
    yield tenants.map(({ id }) => id);
    last = tenants.at(-1)?.id;
  }
}

/** Removes samples that are too old, or too many for their age. @returns how many */
export async function thinUsageSamples(db: PrismaClient): Promise<number> {
  let removed = 0;
  for await (const ids of batchesOfTenants(db, { usageSamples: { some: {} } }, thinnedAtOnce)) {
    removed += await db.$executeRaw`
      DELETE FROM usage_samples AS samples USING (
        SELECT tenant_id, at, row_number() OVER (PARTITION BY tenant_id, date_trunc('day', at, 'UTC') ORDER BY at) AS place FROM usage_samples
        WHERE tenant_id = ANY(${ids}::uuid[]) AND at < date_trunc('day', now(), 'UTC') - make_interval(days => ${finelyKeptDays}::int)
      ) AS old
      WHERE samples.tenant_id = old.tenant_id AND samples.at = old.at
        AND (old.place > 1 OR old.at < now() - make_interval(days => ${keptDays}::int))`;
  }
  return removed;
}

const mostListed = 1000;
const limitRule = `must be a whole number from 1 to ${mostListed}`;
const listOptions = z.object({
  limit: z.int(limitRule).min(1, limitRule).max(mostListed, limitRule),
  from: instant().nullish(),
  to: instant().nullish(),
});

/** Postgres knows no year 0, which ISO 8601 does. */
function instant(): z.ZodType<Date> {
  return z.date().refine((each) => each.getUTCFullYear() > 0, 'must be an instant after the year 0');
}

/** Of each tenant, the oldest first. One SQL statement. An id that names none has none. @throws {BadInputError} */
export async function listUsageSamples(db: PrismaClient, tenantIds: readonly string[], options: ListUsageOptions): Promise<UsageSample[]> {
  const { from = null, to = null, limit } = parseOrRefuse(listOptions, options, 'history');
  const ids = tenantIds.map(canonicalUuid).filter((id) => id !== null);
  return await db.$queryRaw<UsageSample[]>`
    SELECT samples.* FROM unnest(${ids}::uuid[]) AS tenant (id), LATERAL (
      SELECT tenant_id::text AS "tenantId", at, database_bytes::float AS "databaseBytes" FROM usage_samples
      WHERE tenant_id = tenant.id AND (${from}::timestamptz IS NULL OR at >= ${from}) AND (${to}::timestamptz IS NULL OR at < ${to})
      ORDER BY at DESC LIMIT ${limit}
    ) AS samples ORDER BY "tenantId", at`;
}
