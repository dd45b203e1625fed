import type { UserRole } from '@tenantry/prisma/tenant';

/** A member's role within a tenant. */
export type MemberRole = UserRole;

/** From the least to the most that a role may do. */
const ascending = ['MEMBER', 'ADMIN', 'OWNER'] as const satisfies readonly MemberRole[];

/** Whether somebody with `role` may do what asks for `required`. */
export function roleIncludes(role: MemberRole, required: MemberRole): boolean {
  return ascending.indexOf(role) >= ascending.indexOf(required);
}
