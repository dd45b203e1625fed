import type { PoolClient } from 'pg';
import type { ClusterAdmin } from '../clusters/cluster-admin.ts';
import { ExclusiveCluster, tenantLock } from '../clusters/exclusive-cluster.ts';
import { ClusterMissingError } from '../errors.ts';
import type { TenantWork } from '../life/tenant-work.ts';

/**
 * Does `work` on each cluster in turn, since a tenant may have been moved, or been about to be. Nobody else changes the tenant there
 * meanwhile.
 *
 * @throws {ClusterMissingError} when there are tenants on a cluster that this process was given no administrator for: another one may look
 */
export async function withEachCluster(
  { saga, services, cluster: own }: TenantWork,
  work: (admin: ClusterAdmin, session: PoolClient) => Promise<void>,
): Promise<void> {
  const { db, clusters } = services;
  const inUse = await db.cluster.findMany({ where: { tenants: { some: { status: { not: 'DELETED' } } } }, select: { name: true } });
  const missing = inUse.find(({ name }) => !clusters.has(name));
  if (missing) throw new ClusterMissingError(missing.name);
  for (const admin of clusters.values()) {
    if (isSame(admin, own.admin)) {
      await work(admin, await own.session());
    } else {
      await using other = new ExclusiveCluster(admin, tenantLock(saga.tenantId), async () => await saga.assertHeld(), saga);
      await work(admin, await other.session());
    }
  }
}

/** A server may be configured by several names, and its lock be had once. */
function isSame(one: ClusterAdmin, other: ClusterAdmin): boolean {
  return one === other || one.url('postgres') === other.url('postgres');
}
