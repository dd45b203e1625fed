import type { PrismaClient } from '@tenantry/prisma/control';
import { canonicalUuid } from '@tenantry/service';
import type { TenantPlacement } from '@tenantry/tenant-pool';

/** Where a tenant's database is, by the catalog; null when there is no such tenant. */
export async function findPlacement(db: PrismaClient, tenantId: string): Promise<TenantPlacement | null> {
  const id = canonicalUuid(tenantId);
  if (id === null) return null;
  const tenant = await db.tenant.findUnique({ where: { id }, include: { cluster: true } });
  if (!tenant) return null;
  const { slug, status, tier, cluster, databaseName, loginName, sealedPassword, credentialVersion } = tenant;
  return {
    tenantId: tenant.id,
    slug,
    status,
    tier,
    cluster: cluster.name,
    host: cluster.host,
    port: cluster.port,
    sslMode: cluster.sslMode,
    pooling: cluster.pooling,
    database: databaseName,
    role: loginName,
    sealedPassword,
    credentialVersion,
  };
}
