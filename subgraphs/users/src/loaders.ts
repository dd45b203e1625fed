import { createGroupLoader, createLoader, createSharedRead, type Loader, type Page } from '@tenantry/subgraph-kit';
import type { Invitation, Team } from '@tenantry/prisma/tenant';
import type { TenantDb } from '@tenantry/tenant-pool';
import { findInvitationsByIds } from './invitations/invitation-store.ts';
import { countMembers, findMemberPage, type MemberCount, type Membership } from './teams/membership-store.ts';
import { findTeamsByIds, findTeamsOfUsers, type TeamOfUser } from './teams/team-store.ts';
import type { UserConditions } from './users/user-filter.ts';
import { countUsers, findUserPage, type UserPageQuery } from './users/user-page-store.ts';
import { findUsersByIds, type Person } from './users/user-store.ts';

/** Every by-key read of a request: the keys of one tick cost one statement. */
export interface Loaders {
  readonly users: Loader<Person | null>;
  readonly teams: Loader<Team | null>;
  readonly invitations: Loader<Invitation | null>;
  /** By user. */
  readonly teamsOfUsers: Loader<readonly TeamOfUser[]>;
  /** By team. */
  readonly memberCounts: Loader<MemberCount | null>;
  /** By team: one page of its members. */
  memberPages(page: Page<null>): Loader<readonly Membership[]>;
  readonly userPages: { load(query: UserPageQuery): Promise<Person[]> };
  readonly userCounts: { load(conditions: UserConditions): Promise<number> };
  /** Forgets all that was loaded. */
  forget(): void;
}

export function createLoaders(database: () => Promise<TenantDb>): Loaders {
  const loaders = {
    users: createLoader(async (ids) => await findUsersByIds(await database(), ids), { by: idOf }),
    teams: createLoader(async (ids) => await findTeamsByIds(await database(), ids), { by: idOf }),
    invitations: createLoader(async (ids) => await findInvitationsByIds(await database(), ids), { by: idOf }),
    teamsOfUsers: createGroupLoader(async (ids) => await findTeamsOfUsers(await database(), ids), { by: (row) => row.userId }),
    memberCounts: createLoader(async (ids) => await countMembers(await database(), ids), { by: (row) => row.teamId }),
    userPages: createSharedRead(async (query: UserPageQuery) => await findUserPage(await database(), query)),
    userCounts: createSharedRead(async (conditions: UserConditions) => await countUsers(await database(), conditions)),
  };
  const memberPages = new Map<string, Loader<readonly Membership[]>>();
  return {
    ...loaders,
    memberPages: (page) => {
      const key = JSON.stringify(page);
      const known = memberPages.get(key);
      if (known) return known;
      const loader = createGroupLoader(async (ids) => await findMemberPage(await database(), ids, page), { by: (row) => row.teamId });
      memberPages.set(key, loader);
      return loader;
    },
    forget: () => {
      for (const loader of Object.values(loaders)) loader.clearAll();
      memberPages.clear();
    },
  };
}

function idOf({ id }: { id: string }): string {
  return id;
}
