import { escapeIdentifier, escapeLiteral } from 'pg';
import type { Template } from '../../clusters/template.ts';
import type { ProvisioningContext, ProvisioningStep } from '../step.ts';

/** The tenant's database, cloned from the template; everything in it is the tenant's role's. */
export const databaseStep: ProvisioningStep = {
  name: 'database',
  run: async (context) => {
    const template = await context.cluster.prepare();
    const { rows } = await context.cluster.pool.query<{ datallowconn: boolean }>(
      'SELECT datallowconn FROM pg_database WHERE datname = $1',
      [context.tenant.databaseName],
    );
    if (!rows[0]) await clone(template, context);
    if (!rows[0]?.datallowconn) await open(context);
    await handOver(template, context);
  },
  undo: async ({ tenant, cluster: { pool } }) => {
    await pool.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(tenant.databaseName)} WITH (FORCE)`);
  },
};

/** Nobody can connect to the clone yet: a database is born open to every role. */
async function clone(template: Template, { tenant, cluster: { pool } }: ProvisioningContext): Promise<void> {
  const [database, role] = [escapeIdentifier(tenant.databaseName), escapeIdentifier(tenant.roleName)];
  await pool.query(`CREATE DATABASE ${database} TEMPLATE ${escapeIdentifier(template.database)} OWNER ${role} ALLOW_CONNECTIONS false`);
}

async function open({ tenant, cluster: { pool } }: ProvisioningContext): Promise<void> {
  const database = escapeIdentifier(tenant.databaseName);
  await pool.query(`
    REVOKE ALL ON DATABASE ${database} FROM PUBLIC;
    COMMENT ON DATABASE ${database} IS ${escapeLiteral(`Tenantry: tenant ${tenant.id}`)};
    ALTER DATABASE ${database} WITH ALLOW_CONNECTIONS true;
  `);
}

async function handOver(template: Template, { tenant, cluster }: ProvisioningContext): Promise<void> {
  await cluster.within(tenant.databaseName, async (client) => {
    await client.query(`REASSIGN OWNED BY ${escapeIdentifier(template.owner)} TO ${escapeIdentifier(tenant.roleName)}`);
  });
}
