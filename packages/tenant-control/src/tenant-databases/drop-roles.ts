import { escapeIdentifier, type ClientBase } from 'pg';
import type { TenantDatabase } from './database.ts';
import { findLogins } from './login.ts';
import { dropRole } from './role.ts';

/** Drops the role that owned a tenant's database and the logins that acted as it. The database is gone, and with it their sessions. */
export async function dropRoles(session: ClientBase, { id, roleName }: Pick<TenantDatabase, 'id' | 'roleName'>): Promise<void> {
  for (const { loginName } of await findLogins(session, id)) await session.query(`DROP ROLE IF EXISTS ${escapeIdentifier(loginName)}`);
  await dropRole(session, roleName);
}
