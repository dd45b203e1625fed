import { defaultLimits } from '@tenantry/tenant-pool';
import { escapeIdentifier, type ClientBase } from 'pg';

/**
 * In milliseconds, what a tenant's role may do by itself. A session that is its process's own is told how long its statements may take;
 * one that a pooler lends has only this. A role that an operator has given other bounds keeps them.
 */
const bounds = Object.entries({
  statement_timeout: defaultLimits.statementTimeoutMs,
  idle_in_transaction_session_timeout: defaultLimits.idleInTransactionMs,
});

type Administrator = Pick<ClientBase, 'query'>;

/** The statements that give a new role its bounds. */
export function boundsOf(role: string): string {
  return bounds.map(([name, milliseconds]) => `ALTER ROLE ${escapeIdentifier(role)} SET ${name} = ${milliseconds};`).join('\n');
}

/** Gives a role those of its bounds that it lacks. */
export async function boundRole(administrator: Administrator, role: string): Promise<void> {
  const { rows } = await administrator.query<{ settings: string[] | null }>(
    'SELECT rolconfig AS settings FROM pg_roles WHERE rolname = $1',
    [role],
  );
  const missing = bounds.filter(([name]) => !rows[0]?.settings?.some((setting) => setting.startsWith(`${name}=`)));
  for (const [name, milliseconds] of missing) {
    await administrator.query(`ALTER ROLE ${escapeIdentifier(role)} SET ${name} = ${milliseconds}`);
  }
}

/** Those of `roles` that are there and lack a bound. */
export async function unboundedRoles(administrator: Administrator, roles: readonly string[]): Promise<string[]> {
  const { rows } = await administrator.query<{ role: string }>(
    `SELECT rolname AS role FROM pg_roles WHERE rolname = ANY($1)
     AND (SELECT count(DISTINCT setting.name) FROM unnest($2::text[]) AS setting(name), unnest(rolconfig) AS own(value)
          WHERE starts_with(own.value, setting.name || '=')) < cardinality($2::text[])`,
    [roles, bounds.map(([name]) => name)],
  );
  return rows.map(({ role }) => role);
}
