import { randomUUID } from 'node:crypto';
import type { TenantPlacement } from '../directory/placement.ts';
import type { TenantDatabases } from '../testing/tenant-databases.ts';
import { idPrefixOf, markedId, markOf } from './marks.ts';

const usersPerTenant = 20;

export const issuer = 'https://idp.test';

/** The same in every tenant, so that a stray lookup finds a row: only what it says tells whose. */
export const sharedUserIds: readonly string[] = Array.from({ length: usersPerTenant }, () => randomUUID());

/** Fills the databases with rows that tell whose they are. */
export async function seedTenants(databases: TenantDatabases): Promise<void> {
  for (const [tenant, placement] of databases.placements.entries()) {
    const mark = markOf(tenant);
    const inviterIds = sharedUserIds.map((_, index) => sharedUserIds[(index + 1) % usersPerTenant]);
    const invitationIds = sharedUserIds.map(() => markedId(tenant));
    await databases.within(
      placement,
      `INSERT INTO users (id, email, name, issuer, subject, updated_at)
       SELECT id, 'user-' || n || $2, 'User ' || n || $2, $3, id::text, now() FROM unnest($1::uuid[]) WITH ORDINALITY AS shared (id, n)`,
      [sharedUserIds, `@${mark}.test`, issuer],
    );
    await databases.within(
      placement,
      `WITH team AS (INSERT INTO teams (id, name, updated_at) VALUES ($1, $2, now()) RETURNING id)
       INSERT INTO team_members (team_id, user_id) SELECT team.id, users.id FROM team, users`,
      [markedId(tenant), `everybody of ${mark}`],
    );
    await databases.within(
      placement,
      `INSERT INTO invitations (id, user_id, invited_by_id, expires_at)
       SELECT *, now() FROM unnest($1::uuid[], $2::uuid[], $3::uuid[])`,
      [invitationIds, sharedUserIds, inviterIds],
    );
    await databases.within(placement, 'UPDATE tenant_settings SET locale = $1', [mark]);
  }
}

/** The rows that are in the database of another tenant, each as `tenant: table id`. */
export async function foreignRows(databases: TenantDatabases): Promise<string[]> {
  const rows = databases.placements.map(async (placement, tenant) => await foreignRowsOf(databases, placement, tenant));
  return (await Promise.all(rows)).flat();
}

async function foreignRowsOf(databases: TenantDatabases, placement: TenantPlacement, tenant: number): Promise<string[]> {
  const rows = await databases.within<{ place: string }>(
    placement,
    `SELECT 'users ' || id AS place FROM users
      WHERE email NOT LIKE $1 OR name NOT LIKE $1 OR (left(id::text, 8) <> $2 AND id <> ALL ($3::uuid[]))
     UNION ALL SELECT 'teams ' || id FROM teams WHERE name NOT LIKE $1 OR left(id::text, 8) <> $2
     UNION ALL SELECT 'team_members ' || team_id FROM team_members WHERE left(team_id::text, 8) <> $2
     UNION ALL SELECT 'invitations ' || id FROM invitations WHERE left(id::text, 8) <> $2
     UNION ALL SELECT 'tenant_settings ' || id FROM tenant_settings WHERE locale NOT LIKE $1`,
    [`%${markOf(tenant)}%`, idPrefixOf(tenant), sharedUserIds],
  );
  return rows.map(({ place }) => `${markOf(tenant)}: ${place}`);
}
