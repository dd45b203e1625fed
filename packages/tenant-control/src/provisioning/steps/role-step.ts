import { escapeIdentifier, escapeLiteral } from 'pg';
import { boundRole } from '../../clusters/role-bounds.ts';
import { actFor } from '../../postgres/act-for.ts';
import { scramVerifier } from '../../postgres/scram.ts';
import type { ProvisioningStep } from '../step.ts';

/** Connections of one tenant at most, over all processes: a backstop behind the pools' own budgets. */
const connectionLimit = 40;

/** The tenant's own role: it may sign in and own its database, nothing else, and no statement of it runs for ever. */
export const roleStep: ProvisioningStep = {
  name: 'role',
  run: async ({ tenant, cluster: { pool } }) => {
    const role = escapeIdentifier(tenant.roleName);
    const { rowCount } = await pool.query('SELECT FROM pg_roles WHERE rolname = $1', [tenant.roleName]);
    if (rowCount === 0) {
      await pool.query(`CREATE ROLE ${role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS`);
    }
    await pool.query(`ALTER ROLE ${role} CONNECTION LIMIT ${connectionLimit} PASSWORD ${escapeLiteral(scramVerifier(tenant.password))}`);
    await boundRole(pool, tenant.roleName);
    await actFor(pool, tenant.roleName);
  },
  undo: async ({ tenant, cluster: { pool } }) => {
    await pool.query(`DROP ROLE IF EXISTS ${escapeIdentifier(tenant.roleName)}`);
  },
};
