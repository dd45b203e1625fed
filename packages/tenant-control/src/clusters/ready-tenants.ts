import type { PrismaClient } from '@tenantry/prisma/control';
import { unseal, type KeyRing, type Logger } from '@tenantry/service';
import type { ClusterAdmin } from './cluster-admin.ts';
import { databasesClosedToPooler, openToPooler } from './pooler-access.ts';
import { boundRole, unboundedRoles } from './role-bounds.ts';

export interface ReadyTenantsOptions {
  readonly db: PrismaClient;
  readonly keyRing: KeyRing;
  readonly logger: Logger;
}

interface ProvisionedTenant {
  readonly id: string;
  readonly databaseName: string;
  /** The role that signs in. */
  readonly loginName: string;
  readonly sealedPassword: string;
}

/**
 * Gives the tenants of a cluster what those get that are provisioned now: bounds for their roles, and the pooler's access to their
 * databases. Two statements to the cluster where nothing is missing. A tenant for which it fails is logged and left for the next time.
 */
export async function readyTenants(cluster: ClusterAdmin, { db, keyRing, logger }: ReadyTenantsOptions): Promise<void> {
  const tenants = await db.tenant.findMany({
    where: { clusterName: cluster.name, status: { notIn: ['PROVISIONING', 'FAILED', 'DELETING', 'DELETED'] } },
    select: { id: true, databaseName: true, loginName: true, sealedPassword: true },
  });
  const ready = async (tenant: ProvisionedTenant, work: () => Promise<void>) => {
    try {
      await cluster.inTurn(work);
    } catch (err) {
      logger.error({ err, cluster: cluster.name, tenantId: tenant.id }, 'a tenant could not be brought up to date with its cluster');
    }
  };

  const unbounded = await withoutBounds(cluster, tenants);
  await Promise.all(unbounded.map(async (tenant) => await ready(tenant, async () => await boundRole(cluster.pool, tenant.loginName))));

  const authUser = cluster.tenants?.authUser ?? null;
  if (authUser === null) return;
  const closed = await closedTo(authUser, cluster, tenants);
  await Promise.all(
    closed.map(async (tenant) => {
      const { id, databaseName, loginName, sealedPassword } = tenant;
      await ready(tenant, async () => {
        await openToPooler(cluster, authUser, { databaseName, roleName: loginName, password: unseal(sealedPassword, id, keyRing) });
      });
    }),
  );
}

async function withoutBounds({ pool }: ClusterAdmin, tenants: readonly ProvisionedTenant[]): Promise<ProvisionedTenant[]> {
  const roles = tenants.map(({ loginName }) => loginName);
  const unbounded = new Set(await unboundedRoles(pool, roles));
  return tenants.filter(({ loginName }) => unbounded.has(loginName));
}

async function closedTo(authUser: string, { pool }: ClusterAdmin, tenants: readonly ProvisionedTenant[]): Promise<ProvisionedTenant[]> {
  const databases = tenants.map(({ databaseName }) => databaseName);
  const closed = new Set(await databasesClosedToPooler(pool, authUser, databases));
  return tenants.filter(({ databaseName }) => closed.has(databaseName));
}
