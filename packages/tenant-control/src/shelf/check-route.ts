import { checkPlacement } from '@tenantry/tenant-pool';
import type { ClusterAdmin } from '../clusters/cluster-admin.ts';
import type { OwnedDatabase } from '../tenant-databases/owned-database.ts';

/** Where tenants do not connect to the server itself: uses the database on their way. */
export async function checkRoute(
  { name, tenants }: ClusterAdmin,
  { id, databaseName, roleName, sealedPassword }: OwnedDatabase,
  password: string,
): Promise<void> {
  if (!tenants) return;
  const { host, port, sslMode, pooling } = tenants;
  await checkPlacement(
    {
      tenantId: id,
      slug: databaseName,
      status: 'PROVISIONING',
      tier: 'STANDARD',
      cluster: name,
      host,
      port,
      sslMode,
      pooling,
      database: databaseName,
      role: roleName,
      sealedPassword,
      credentialVersion: 1,
    },
    { password, service: 'control' },
  );
}
