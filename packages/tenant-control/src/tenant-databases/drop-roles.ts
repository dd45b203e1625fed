import type { ClientBase } from 'pg';
import type { ClusterAdmin } from '../clusters/cluster-admin.ts';
import type { TenantDatabase } from './database.ts';
import { dropRole } from './drop-role.ts';
import { findLogins } from './login.ts';

/** Drops the role that owned a tenant's database and the logins that acted as it. The database is gone, and with it their sessions. */
export async function dropRoles(
  cluster: ClusterAdmin,
  session: ClientBase,
  { id, roleName }: Pick<TenantDatabase, 'id' | 'roleName'>,
): Promise<void> {
  for (const { loginName } of await findLogins(session, id)) await dropRole(cluster, session, loginName);
  await dropRole(cluster, session, roleName);
}
