import type { Principal } from '@tenantry/auth';
import type { User } from '@tenantry/prisma/tenant';
import type { TenantDb } from '@tenantry/tenant-pool';

/** A user of the tenant that a token speaks for. */
export type Member = User;

/** The active user whom `principal` speaks for, in one statement; null when there is none. */
export async function findMember(db: TenantDb, { issuer, subject }: Principal): Promise<Member | null> {
  return await db.user.findFirst({ where: { issuer, subject, status: 'ACTIVE' } });
}
