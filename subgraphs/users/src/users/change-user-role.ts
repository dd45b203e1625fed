import type { User, UserRole } from '@tenantry/prisma/tenant';
import type { UsersContext } from '../context.ts';
import { changeStanding } from './change-standing.ts';

export interface ChangeUserRoleInput {
  id: string;
  role: UserRole;
}

/** Takes effect with the user's next request. */
export async function changeUserRole({ id, role }: ChangeUserRoleInput, context: UsersContext): Promise<{ user: User }> {
  return { user: await changeStanding(context, id, () => ({ role })) };
}
