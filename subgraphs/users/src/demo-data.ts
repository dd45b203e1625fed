import type { TenantDb } from '@tenantry/tenant-pool';
import type { Database } from './database.ts';
import { insertInvitations, insertMemberships, insertOwner, insertPeople, insertTeams, type DemoOwner } from './demo/demo-store.ts';
import { inventPeople, type DemoPerson } from './demo/people.ts';
import { readInvitationDays } from './invitations/invitation-store.ts';

export type { DemoOwner } from './demo/demo-store.ts';

export interface DemoDataOptions {
  /** The tenant's slug: another one gives other people, at `SLUG.example`. */
  readonly slug: string;
  readonly owner: DemoOwner;
}

/**
 * Fills a tenant with an owner, dozens of people, teams and invitations to try things on, all or nothing. Where the owner's email
 * is known it leaves everything as it is.
 */
export async function seedDemoData(db: TenantDb, { slug, owner }: DemoDataOptions): Promise<void> {
  await db.$transaction(async (tx) => {
    const user = await insertOwner(tx, owner);
    if (user) await insertEverybodyElse(tx, inventPeople(slug), user.id, owner.issuer);
  });
}

async function insertEverybodyElse(tx: Database, people: readonly DemoPerson[], ownerId: string, issuer: string): Promise<void> {
  const userIds = await insertPeople(tx, people, issuer);
  const teamIds = await insertTeams(tx);
  const idOf = (person: DemoPerson) => get(userIds, person.email);
  await insertMemberships(tx, [
    ...people.flatMap((person) => person.teams.map((team) => ({ teamId: get(teamIds, team), userId: idOf(person) }))),
    { teamId: get(teamIds, 'Product'), userId: ownerId },
  ]);
  const daysToExpiry = await readInvitationDays(tx);
  const invitations = people.map((person) => {
    return {
      userId: idOf(person),
      invitedById: ownerId,
      createdDaysAgo: person.daysAgo,
      daysToExpiry,
      isAccepted: person.status !== 'INVITED',
    };
  });
  await insertInvitations(tx, invitations);
}

function get<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key): Value {
  const value = map.get(key);
  if (value === undefined) throw new Error(`The demo data name ${String(key)}, which was not inserted.`);
  return value;
}
