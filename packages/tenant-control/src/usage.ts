import type { PrismaClient } from '@tenantry/prisma/control';
import { canonicalUuid } from '@tenantry/service';
import type { ClusterAdmin } from './clusters/cluster-admin.ts';
import { ClusterMissingError, UnknownTenantError } from './errors.ts';

/** What a tenant takes up on its cluster, at the moment of asking. */
export interface TenantUsage {
  /** Size of the tenant's database on disk. */
  readonly databaseBytes: number;
  /** Connections open to the tenant's database. */
  readonly connections: number;
}

/** @throws {UnknownTenantError} also when the tenant has no database (any more); {ClusterMissingError} */
export async function measureUsage(db: PrismaClient, clusters: ReadonlyMap<string, ClusterAdmin>, id: string): Promise<TenantUsage> {
  const uuid = canonicalUuid(id);
  const tenant = uuid && (await db.tenant.findUnique({ where: { id: uuid }, select: { databaseName: true, clusterName: true } }));
  if (!tenant) throw new UnknownTenantError(id);
  const cluster = clusters.get(tenant.clusterName);
  if (!cluster) throw new ClusterMissingError(tenant.clusterName);
  const { rows } = await cluster.pool.query<{ bytes: string; connections: number }>(
    'SELECT pg_database_size(datid) AS bytes, numbackends AS connections FROM pg_stat_database WHERE datname = $1',
    [tenant.databaseName],
  );
  if (!rows[0]) throw new UnknownTenantError(id);
  return { databaseBytes: Number(rows[0].bytes), connections: rows[0].connections };
}
