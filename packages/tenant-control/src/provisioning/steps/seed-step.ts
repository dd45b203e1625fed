import { randomUUID } from 'node:crypto';
import type { ProvisioningStep } from '../step.ts';

/** Rows that only this tenant has. The settings every tenant starts with come with the template. */
export const seedStep: ProvisioningStep = {
  name: 'seed',
  run: async ({ tenant, specification: { firstOwner }, cluster }) => {
    if (!firstOwner) return;
    await cluster.as({ role: tenant.roleName, password: tenant.password }, tenant.databaseName, async (client) => {
      await client.query(inviteFirstOwner, [randomUUID(), firstOwner.email, firstOwner.name, randomUUID()]);
    });
  },
  // Goes with the database.
  undo: async () => {},
};

const inviteFirstOwner = `
  WITH owner AS (
    INSERT INTO users (id, email, name, role, status, updated_at)
    VALUES ($1, $2, $3, 'OWNER', 'INVITED', now())
    ON CONFLICT DO NOTHING
    RETURNING id
  )
  INSERT INTO invitations (id, user_id, expires_at)
  SELECT $4, owner.id, now() + make_interval(days => tenant_settings.invitation_days)
  FROM owner, tenant_settings`;
