import type { Tenant as TenantRow } from '@tenantry/prisma/control';
import { escapeIdentifier, type ClientBase } from 'pg';
import { applySettings, readSettings } from '../tenant-databases/login-settings.ts';

/** Gives a tenant's database and roles the settings that sessions begin with where the tenant is, such as bounds that an operator has given. */
export async function carrySettings(
  source: Pick<ClientBase, 'query'>,
  target: Pick<ClientBase, 'query'>,
  { databaseName, roleName, loginName }: Pick<TenantRow, 'databaseName' | 'roleName' | 'loginName'>,
): Promise<void> {
  for (const role of new Set([roleName, loginName])) {
    await applySettings(target, await readSettings(source, { role }), `ROLE ${escapeIdentifier(role)}`);
  }
  await applySettings(target, await readSettings(source, { database: databaseName }), `DATABASE ${escapeIdentifier(databaseName)}`);
}
