import type { Hibernation, PrismaClient } from '@tenantry/prisma/control';
import { canonicalUuid } from '@tenantry/service';
import type { ClusterAdmin } from './clusters/cluster-admin.ts';
import { ClusterMissingError, noSuchTenant } from './errors.ts';

/** What a tenant takes up on its cluster, at the moment of asking. */
export interface TenantUsage {
  /** Size of the tenant's database on disk. */
  readonly databaseBytes: number;
  /** Connections open to the tenant's database. */
  readonly connections: number;
}

type Clusters = ReadonlyMap<string, ClusterAdmin>;

/** By name of the database, or why the cluster of these databases could not be asked. */
type ClusterUsage = ReadonlyMap<string, TenantUsage> | Error;

interface TenantDatabase {
  readonly id: string;
  readonly databaseName: string;
  readonly clusterName: string;
  readonly hibernation: Hibernation | null;
}

/**
 * Measures many tenants by one statement to the catalog and one to each of their clusters.
 *
 * @returns for each id, in order, its usage or why there is none: {TenantNotFoundError}, also when the tenant has no database (any
 * more), {ClusterMissingError}, or the error of its cluster
 */
export async function measureUsage(db: PrismaClient, clusters: Clusters, ids: readonly string[]): Promise<(TenantUsage | Error)[]> {
  const tenants = await findDatabases(db, ids);
  const measured = await measureClusters(clusters, [...tenants.values()]);
  return ids.map((id) => {
    const tenant = tenants.get(canonicalUuid(id) ?? '');
    const usage = tenant && measured.get(tenant.clusterName);
    if (usage instanceof Error) return usage;
    return (tenant && (usage?.get(tenant.databaseName) ?? usageWithout(tenant))) ?? noSuchTenant(id);
  });
}

/** What a tenant takes up on its cluster that has no database there: nothing, while it is to have none. */
function usageWithout({ hibernation }: TenantDatabase): TenantUsage | undefined {
  return hibernation === 'DROPPED' ? { databaseBytes: 0, connections: 0 } : undefined;
}

/** By id. */
async function findDatabases(db: PrismaClient, ids: readonly string[]): Promise<Map<string, TenantDatabase>> {
  const wanted = ids.map(canonicalUuid).filter((id) => id !== null);
  const tenants = await db.tenant.findMany({
    where: { id: { in: wanted } },
    select: { id: true, databaseName: true, clusterName: true, hibernation: true },
  });
  return new Map(tenants.map((tenant) => [tenant.id, tenant]));
}

/** By name of the cluster. */
async function measureClusters(clusters: Clusters, tenants: readonly TenantDatabase[]): Promise<Map<string, ClusterUsage>> {
  const byCluster = Map.groupBy(tenants, ({ clusterName }) => clusterName);
  const measuring = [...byCluster].map(async ([name, its]) => {
    const databases = its.map(({ databaseName }) => databaseName);
    return [name, await measureCluster(name, clusters.get(name), databases)] as const;
  });
  return new Map(await Promise.all(measuring));
}

async function measureCluster(name: string, cluster: ClusterAdmin | undefined, databases: readonly string[]): Promise<ClusterUsage> {
  if (!cluster) return new ClusterMissingError(name);
  try {
    const { rows } = await cluster.pool.query<{ database: string; bytes: string; connections: number }>(
      `SELECT datname AS database, pg_database_size(datid) AS bytes, numbackends AS connections
       FROM pg_stat_database WHERE datname = ANY($1)`,
      [databases],
    );
    return new Map(rows.map(({ database, bytes, connections }) => [database, { databaseBytes: Number(bytes), connections }]));
  } catch (cause) {
    return new Error(`The cluster "${name}" could not be asked what its tenants take up.`, { cause });
  }
}
