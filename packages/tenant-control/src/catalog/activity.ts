import type { PrismaClient } from '@tenantry/prisma/control';
import { canonicalUuid } from '@tenantry/service';

/** One statement for all of them; locked in one order, so that two processes do not wait for each other. */
export async function recordActivity(db: PrismaClient, tenantIds: readonly string[]): Promise<void> {
  const active = tenantIds.map(canonicalUuid).filter((id) => id !== null);
  if (active.length === 0) return;
  await db.$executeRaw`
    UPDATE tenants SET last_active_at = now()
    FROM (SELECT id FROM tenants WHERE id = ANY(${active}::uuid[]) ORDER BY id FOR NO KEY UPDATE) AS active
    WHERE tenants.id = active.id`;
}
