import { randomUUID } from 'node:crypto';
import type { TenantDb, TenantPool } from '@tenantry/tenant-pool';

export interface TrafficReport {
  readonly requests: number;
  readonly failed: number;
  /** Teams that were written and are not there, or are there and were not. */
  readonly lostOrDoubled: number;
  /** Milliseconds that the slowest request took. */
  readonly longestMs: number;
}

const writers = 4;
const readers = 4;

/** Writers and readers of a tenant, each with one request after the other, for as long as `work` lasts. */
export async function withTraffic(pool: TenantPool, tenantId: string, work: () => Promise<void>): Promise<TrafficReport> {
  const written = new Set<string>();
  const before = await teamsOf(pool, tenantId);
  let [requests, failed, longestMs] = [0, 0, 0];
  const over = new AbortController();
  const keep = async (request: (db: TenantDb) => Promise<void>) => {
    while (!over.signal.aborted) {
      const start = performance.now();
      try {
        await using lease = await pool.lease(tenantId, { operation: 'request' });
        await request(lease.db);
      } catch {
        failed += 1;
      }
      requests += 1;
      longestMs = Math.max(longestMs, performance.now() - start);
    }
  };
  const write = async (db: TenantDb) => {
    const name = randomUUID();
    await db.team.create({ data: { name } });
    written.add(name);
  };
  const traffic = [...Array.from({ length: writers }, () => keep(write)), ...Array.from({ length: readers }, () => keep(look))];
  try {
    await work();
  } finally {
    over.abort();
    await Promise.all(traffic);
  }
  const after = await teamsOf(pool, tenantId);
  const added = [...after].filter((name) => !before.has(name));
  const lost = [...written].filter((name) => !after.has(name)).length;
  return { requests, failed, lostOrDoubled: lost + added.filter((name) => !written.has(name)).length, longestMs };
}

async function look(db: TenantDb): Promise<void> {
  await db.user.findMany({ take: 20 });
}

async function teamsOf(pool: TenantPool, tenantId: string): Promise<Set<string>> {
  await using lease = await pool.lease(tenantId, { operation: 'look' });
  return new Set((await lease.db.team.findMany({ select: { name: true } })).map(({ name }) => name));
}
