import { randomUUID } from 'node:crypto';
import type { ClientBase } from 'pg';

export interface FirstOwner {
  readonly email: string;
  readonly name: string;
}

/**
 * Invites the tenant's first owner; one who is there stays as they are.
 *
 * @param client signed in as the tenant's role
 */
export async function inviteFirstOwner(client: ClientBase, { email, name }: FirstOwner): Promise<void> {
  await client.query(invitation, [randomUUID(), email, name, randomUUID()]);
}

const invitation = `
  WITH owner AS (
    INSERT INTO users (id, email, name, role, status, updated_at)
    VALUES ($1, $2, $3, 'OWNER', 'INVITED', now())
    ON CONFLICT DO NOTHING
    RETURNING id
  )
  INSERT INTO invitations (id, user_id, expires_at)
  SELECT $4, owner.id, now() + make_interval(days => tenant_settings.invitation_days)
  FROM owner, tenant_settings`;
