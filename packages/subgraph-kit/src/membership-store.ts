import type { Principal } from '@tenantry/auth';
import { Prisma, type User } from '@tenantry/prisma/tenant';
import type { TenantDb } from '@tenantry/tenant-pool';

/** A user of the tenant that a token speaks for. */
export type Member = Pick<User, 'id' | 'email' | 'name' | 'role' | 'status' | 'createdAt'>;

/** The active user whom `principal` speaks for, in one statement; null when there is none. */
export async function findMember(db: TenantDb, { issuer, subject }: Principal): Promise<Member | null> {
  const [member] = await db.$read<Member>(Prisma.sql`
    SELECT id, email, name, role, status, created_at AS "createdAt"
    FROM users
    WHERE issuer = ${issuer} AND subject = ${subject} AND status = 'ACTIVE'`);
  return member ?? null;
}
