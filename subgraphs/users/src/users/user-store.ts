import type { Principal } from '@tenantry/auth';
import type { User, UserRole, UserStatus } from '@tenantry/prisma/tenant';
import type { Database } from '../database.ts';

/** What the API tells of a user. */
export type Person = Pick<User, 'id' | 'email' | 'name' | 'role' | 'status' | 'createdAt'>;

/** What decides on a user's rights. */
export interface Standing {
  readonly id: string;
  readonly role: UserRole;
  readonly status: UserStatus;
}

export async function findUsersByIds(db: Database, ids: string[]): Promise<User[]> {
  return await db.user.findMany({ where: { id: { in: ids } } });
}

/** The user that a token speaks for, in whatever status. */
export async function findUserByIdentity(db: Database, { issuer, subject }: Principal): Promise<User | null> {
  return await db.user.findFirst({ where: { issuer, subject } });
}

/** @returns null when there is no such user */
export async function updateUserById(
  db: Database,
  id: string,
  changes: { name?: string; role?: UserRole; status?: UserStatus },
): Promise<User | null> {
  const [user] = await db.user.updateManyAndReturn({ where: { id }, data: changes });
  return user ?? null;
}

/**
 * The user with `id` and every active owner, none of which any other transaction can change before this one ends. Locked in
 * the order of their ids, so that two transactions never wait for one another.
 */
export async function lockWithActiveOwners(tx: Database, id: string): Promise<Standing[]> {
  return await tx.$queryRaw<Standing[]>`
    SELECT id, role::text, status::text FROM users
    WHERE id = ${id}::uuid OR (role = 'OWNER' AND status = 'ACTIVE')
    ORDER BY id
    FOR NO KEY UPDATE`;
}
