import type { Pooling, PrismaClient } from '@tenantry/prisma/control';
import type { InvalidationBus } from '@tenantry/tenant-pool';
import type { ClusterConfig } from './cluster-config.ts';

const defaultPort = 5432;

interface ClusterAddress {
  readonly host: string;
  readonly port: number;
  /** libpq's `sslmode`. */
  readonly sslMode: string;
  readonly pooling: Pooling;
}

/** Writes into the catalog where tenants of a cluster connect, for every process to do so, and tells the tenants whose way is another now. */
export async function registerCluster(db: PrismaClient, bus: InvalidationBus, config: ClusterConfig): Promise<void> {
  const { name } = config;
  const address = addressOf(config);
  const known = await db.cluster.findUnique({ where: { name } });
  if (known && isSame(known, address)) return;
  await db.cluster.upsert({ where: { name }, create: { name, ...address }, update: address });
  if (!known) return;
  const tenants = await db.tenant.findMany({ where: { clusterName: name }, select: { id: true } });
  for (const { id } of tenants) await bus.publish(id);
}

function addressOf({ adminUrl, tenants }: ClusterConfig): ClusterAddress {
  if (tenants) {
    const { host, port, sslMode, pooling } = tenants;
    return { host, port, sslMode, pooling };
  }
  const { hostname, port, searchParams } = new URL(adminUrl);
  // Brackets are a URL's way to write an IPv6 address.
  const host = decodeURIComponent(hostname).replaceAll(/^\[|\]$/g, '');
  return { host, port: port === '' ? defaultPort : Number(port), sslMode: searchParams.get('sslmode') ?? 'prefer', pooling: 'direct' };
}

function isSame(left: ClusterAddress, right: ClusterAddress): boolean {
  return left.host === right.host && left.port === right.port && left.sslMode === right.sslMode && left.pooling === right.pooling;
}
