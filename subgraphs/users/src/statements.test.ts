import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestTenant, type Person, type TestTenant } from './testing/test-tenant.ts';

let tenant: TestTenant;
let admin: Person;
let userIds: string[];

beforeAll(async () => {
  tenant = await openTestTenant();
  admin = await tenant.add({ role: 'ADMIN' });
  userIds = await tenant.access(async (db) => {
    const people = Array.from({ length: 120 }, (_, index) => ({ email: `p${index}@here.example`, name: `P${index}` }));
    const users = await db.user.createManyAndReturn({ data: people, select: { id: true } });
    const teams = await db.team.createManyAndReturn({ data: Array.from({ length: 12 }, (_, index) => ({ name: `T${index}` })) });
    const ids = users.map(({ id }) => id);
    const memberships = teams.flatMap(({ id: teamId }, team) =>
      ids.filter((_, user) => user % (team + 1) === 0).map((userId) => ({ teamId, userId })),
    );
    await db.teamMember.createMany({ data: memberships });
    await db.invitation.createMany({
      data: ids.map((userId) => ({ userId, invitedById: admin.user.id, expiresAt: new Date('2100-01-01') })),
    });
    return ids;
  });
});
afterAll(async () => await tenant[Symbol.asyncDispose]());

async function costOf(query: string, variables: Record<string, unknown> = {}): Promise<number> {
  const statements = await tenant.statementsOf(async () => {
    const { errors } = await tenant.ask(admin, query, variables);
    expect(errors).toBeUndefined();
  });
  return statements.length;
}

/** The look-up of who asks, once a request. */
const membership = 1;

describe('the SQL statements of a request', () => {
  it.each([2, 10, 50, 100])('are as many for a page of %i people with their teams and tenant', async (first) => {
    const query = 'query ($first: Int) { users(first: $first) { nodes { id teams { id } tenant { id } } edges { node { name } } } }';
    // The page, and its people's teams.
    expect(await costOf(query, { first })).toBe(membership + 2);
  });

  it.each([2, 100])("are as many for %i people, each with all of the tenant's people", async (first) => {
    const query = /* GraphQL */ `
      query ($first: Int) {
        users(first: $first) {
          nodes {
            tenant {
              userCount
              users(first: 3) {
                totalCount
                nodes {
                  id
                }
              }
            }
          }
        }
      }
    `;
    // The page, the page within it, and the one count of both.
    expect(await costOf(query, { first })).toBe(membership + 3);
  });

  it.each([1, 10, 50, 100])('are two for %i representations of users: who asks, and the users', async (count) => {
    const query = 'query ($of: [_Any!]!) { _entities(representations: $of) { ... on User { id name role } } }';
    const of = userIds.slice(0, count).map((id) => ({ __typename: 'User', id }));
    expect(await costOf(query, { of })).toBe(membership + 1);
  });

  it.each([1, 100])(
    'are one in the tenant’s database for %i representations that an operator asks for, whom no look-up precedes',
    async (count) => {
      const query = 'query ($of: [_Any!]!) { _entities(representations: $of) { ... on User { id name role } } }';
      const of = userIds.slice(0, count).map((id) => ({ __typename: 'User', id }));
      const statements = await tenant.statementsOf(async () => {
        const { data } = await tenant.askAsOperator(query, { of });
        expect(data?.['_entities']).toHaveLength(count);
      });
      expect(statements.filter((sql) => !sql.includes('audit_log'))).toHaveLength(1);
    },
  );

  it.each([1, 12])('are as many for %i teams with their members and counts, and the teams of these', async (first) => {
    const query = /* GraphQL */ `
      query ($first: Int) {
        teams(first: $first) {
          nodes {
            memberCount
            members(first: 10) {
              totalCount
              nodes {
                name
                teams {
                  name
                }
              }
            }
          }
        }
      }
    `;
    // The page, the counts, the members' ids, the members, and the teams of these.
    expect(await costOf(query, { first })).toBe(membership + 5);
  });

  it.each([2, 50])('are as many for %i invitations with both of their people', async (first) => {
    const query = 'query ($first: Int) { invitations(first: $first) { nodes { email role status user { name } invitedBy { name } } } }';
    expect(await costOf(query, { first })).toBe(membership + 2);
  });

  it('are those of the look-up alone for me, however often it is asked', async () => {
    expect(await costOf('{ a: me { id name tenant { id } } b: me { id } }')).toBe(membership);
  });

  it('are none but the look-up for an id that is none', async () => {
    expect(await costOf('{ user(id: "not-an-id") { id } team(id: "nor-this") { id } }')).toBe(membership);
  });
});
