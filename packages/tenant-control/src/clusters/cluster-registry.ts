import type { PrismaClient } from '@tenantry/prisma/control';
import type { InvalidationBus } from '@tenantry/tenant-pool';
import type { ClusterConfig } from './cluster-config.ts';

const defaultPort = 5432;

interface ClusterAddress {
  readonly host: string;
  readonly port: number;
  /** libpq's `sslmode`. */
  readonly sslMode: string;
}

/** Writes into the catalog where the clusters are, for every process to connect there, and tells the tenants whose cluster moved. */
export async function registerClusters(db: PrismaClient, bus: InvalidationBus, clusters: readonly ClusterConfig[]): Promise<void> {
  for (const { name, adminUrl } of clusters) {
    const address = addressOf(adminUrl);
    const known = await db.cluster.findUnique({ where: { name } });
    if (known && isSame(known, address)) continue;
    await db.cluster.upsert({ where: { name }, create: { name, ...address }, update: address });
    if (!known) continue;
    const tenants = await db.tenant.findMany({ where: { clusterName: name }, select: { id: true } });
    for (const { id } of tenants) await bus.publish(id);
  }
}

function addressOf(adminUrl: string): ClusterAddress {
  const { hostname, port, searchParams } = new URL(adminUrl);
  // Brackets are a URL's way to write an IPv6 address.
  const host = decodeURIComponent(hostname).replaceAll(/^\[|\]$/g, '');
  return { host, port: port === '' ? defaultPort : Number(port), sslMode: searchParams.get('sslmode') ?? 'prefer' };
}

function isSame(left: ClusterAddress, right: ClusterAddress): boolean {
  return left.host === right.host && left.port === right.port && left.sslMode === right.sslMode;
}
