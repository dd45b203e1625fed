import { displayName } from '@tenantry/prisma';
import type { User } from '@tenantry/prisma/tenant';
import { canonicalUuid } from '@tenantry/service';
import { z } from 'zod';
import type { UsersContext } from '../context.ts';
import { parseInput } from '../mutation.ts';
import { refuseUnknownUser } from './change-standing.ts';
import { updateUserById } from './user-store.ts';

const updateUserInput = z.object({ id: z.string(), name: displayName });

export type UpdateUserInput = z.input<typeof updateUserInput>;

export async function updateUser(input: UpdateUserInput, { request }: UsersContext): Promise<{ user: User }> {
  const id = canonicalUuid(input.id);
  const acting = await request.viewer.requireMember();
  if (id === null || id !== acting.userId) await request.viewer.requireRole('ADMIN');
  const { name } = parseInput(updateUserInput, input, { name: 'INVALID_NAME' });
  const user = id === null ? null : await updateUserById(await request.db(), id, { name });
  return { user: user ?? refuseUnknownUser() };
}
