import { searchText } from '@tenantry/prisma';
import type { UserRole, UserStatus } from '@tenantry/prisma/tenant';
import { BadInputError, canonicalUuid } from '@tenantry/service';

/** The input `UserFilter`. */
export interface UserFilter {
  role?: UserRole | null;
  status?: UserStatus | null;
  teamId?: string | null;
  search?: string | null;
}

/** What users must be to be listed; what is undefined does not matter. */
export interface UserConditions {
  readonly role?: UserRole | undefined;
  readonly status?: UserStatus | undefined;
  readonly teamId?: string | undefined;
  readonly search?: string | undefined;
}

/** @throws {BadInputError} */
export function parseUserFilter({ role, status, teamId, search }: UserFilter): UserConditions {
  return {
    role: role ?? undefined,
    status: status ?? undefined,
    teamId: teamId === null || teamId === undefined ? undefined : parseTeamId(teamId),
    search: parseSearch(search ?? '') || undefined,
  };
}

function parseTeamId(text: string): string {
  const id = canonicalUuid(text);
  if (id === null) throw new BadInputError('`filter.teamId` is not an id of a team.');
  return id;
}

function parseSearch(text: string): string {
  const result = searchText.safeParse(text);
  if (!result.success) throw new BadInputError(`\`filter.search\` ${result.error.issues.map(({ message }) => message).join(' and ')}.`);
  return result.data;
}
