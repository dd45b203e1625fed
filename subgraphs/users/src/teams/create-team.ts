import { displayName } from '@tenantry/prisma';
import type { Team } from '@tenantry/prisma/tenant';
import { z } from 'zod';
import type { UsersContext } from '../context.ts';
import { refuse } from '../errors.ts';
import { parseInput } from '../mutation.ts';
import { insertTeam } from './team-store.ts';

const createTeamInput = z.object({ name: displayName });

export type CreateTeamInput = z.input<typeof createTeamInput>;

export async function createTeam(input: CreateTeamInput, { request }: UsersContext): Promise<{ team: Team }> {
  await request.viewer.requireRole('ADMIN');
  const { name } = parseInput(createTeamInput, input, { name: 'INVALID_NAME' });
  const team = await insertTeam(await request.db(), name);
  return { team: team ?? refuse('TEAM_NAME_TAKEN', `There is a team called ${name} already.`, 'name') };
}
