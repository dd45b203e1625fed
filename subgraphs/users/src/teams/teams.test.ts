import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { userErrorCodes, valueOf } from '../testing/answers.ts';
import { openTestTenant, type Person, type TestTenant } from '../testing/test-tenant.ts';

let tenant: TestTenant;
let admin: Person;

beforeAll(async () => (tenant = await openTestTenant()));
afterAll(async () => await tenant[Symbol.asyncDispose]());

beforeEach(async () => {
  await tenant.clear();
  admin = await tenant.add({ name: 'Admin', role: 'ADMIN' });
});

const createTeam =
  'mutation ($name: String!) { createTeam(input: { name: $name }) { team { id name memberCount } userErrors { code field } } }';
const change = (mutation: string) => /* GraphQL */ `
  mutation ($teamId: ID!, $userId: ID!) {
    ${mutation}(input: { teamId: $teamId, userId: $userId }) {
      team { memberCount members { nodes { name } } }
      user { teams { name } }
      userErrors { code field }
    }
  }
`;
const addTeamMember = change('addTeamMember');
const removeTeamMember = change('removeTeamMember');
const nobody = '0198c0de-0000-7000-8000-000000000000';

async function teamCalled(name: string): Promise<string> {
  const answer = await tenant.ask(admin, createTeam, { name });
  return valueOf(answer, z.object({ team: z.object({ id: z.string() }) })).team.id;
}

describe('createTeam', () => {
  it('makes an empty team with a tidy name', async () => {
    expect((await tenant.ask(admin, createTeam, { name: '  Deep   Space ' })).data).toEqual({
      createTeam: { team: { id: expect.any(String), name: 'Deep Space', memberCount: 0 }, userErrors: [] },
    });
  });

  it('refuses a name that is taken or blank', async () => {
    await teamCalled('Deep Space');
    expect(userErrorCodes(await tenant.ask(admin, createTeam, { name: 'Deep Space ' }))).toEqual(['TEAM_NAME_TAKEN']);
    for (const name of [' ', 'Alpha\u202e', 'Al\u200bpha', 'Alpha\ud83d']) {
      expect(userErrorCodes(await tenant.ask(admin, createTeam, { name }))).toEqual(['INVALID_NAME']);
    }
  });

  it('makes one team of several with one name at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, async () => await tenant.ask(admin, createTeam, { name: 'One' })));
    const codes = answers.map((answer) => userErrorCodes(answer)[0] ?? 'done');
    expect(codes.toSorted()).toEqual([...Array.from({ length: 5 }, () => 'TEAM_NAME_TAKEN'), 'done']);
  });
});

describe('addTeamMember and removeTeamMember', () => {
  it('answer with the team and the user as they are then', async () => {
    const teamId = await teamCalled('Deep Space');
    const userId = admin.user.id;
    expect((await tenant.ask(admin, addTeamMember, { teamId, userId })).data).toEqual({
      addTeamMember: {
        team: { memberCount: 1, members: { nodes: [{ name: 'Admin' }] } },
        user: { teams: [{ name: 'Deep Space' }] },
        userErrors: [],
      },
    });
    expect((await tenant.ask(admin, removeTeamMember, { teamId, userId })).data).toEqual({
      removeTeamMember: { team: { memberCount: 0, members: { nodes: [] } }, user: { teams: [] }, userErrors: [] },
    });
  });

  it('see what the mutations before them in one request have changed', async () => {
    const teamId = await teamCalled('Deep Space');
    const query = /* GraphQL */ `
      mutation ($teamId: ID!, $userId: ID!) {
        before: removeTeamMember(input: { teamId: $teamId, userId: $userId }) {
          userErrors {
            code
          }
        }
        added: addTeamMember(input: { teamId: $teamId, userId: $userId }) {
          team {
            memberCount
          }
        }
        removed: removeTeamMember(input: { teamId: $teamId, userId: $userId }) {
          team {
            memberCount
          }
        }
      }
    `;
    expect((await tenant.ask(admin, query, { teamId, userId: admin.user.id })).data).toEqual({
      before: { userErrors: [{ code: 'NOT_MEMBER_OF_TEAM' }] },
      added: { team: { memberCount: 1 } },
      removed: { team: { memberCount: 0 } },
    });
  });

  it('tell what does not fit', async () => {
    const teamId = await teamCalled('Deep Space');
    const userId = admin.user.id;
    await tenant.ask(admin, addTeamMember, { teamId, userId });
    expect(userErrorCodes(await tenant.ask(admin, addTeamMember, { teamId, userId }))).toEqual(['ALREADY_MEMBER_OF_TEAM']);
    for (const mutation of [addTeamMember, removeTeamMember]) {
      expect(userErrorCodes(await tenant.ask(admin, mutation, { teamId: nobody, userId }))).toEqual(['TEAM_NOT_FOUND']);
      expect(userErrorCodes(await tenant.ask(admin, mutation, { teamId, userId: 'not-an-id' }))).toEqual(['USER_NOT_FOUND']);
    }
  });
});

describe('teams', () => {
  const listTeams = /* GraphQL */ `
    query ($first: Int, $after: String, $last: Int, $before: String) {
      teams(first: $first, after: $after, last: $last, before: $before) {
        totalCount
        nodes {
          name
        }
        pageInfo {
          startCursor
          endCursor
          hasNextPage
          hasPreviousPage
        }
      }
    }
  `;
  const shape = z.object({
    totalCount: z.number(),
    nodes: z.array(z.object({ name: z.string() })),
    pageInfo: z.object({ startCursor: z.string(), endCursor: z.string(), hasNextPage: z.boolean(), hasPreviousPage: z.boolean() }),
  });
  const list = async (variables: Record<string, unknown>) => {
    const { nodes, ...rest } = valueOf(await tenant.ask(admin, listTeams, variables), shape);
    return { names: nodes.map(({ name }) => name).join(' '), ...rest };
  };

  it('are listed by name, page by page, forwards and backwards', async () => {
    for (const name of ['d', 'b', 'a', 'c', 'e']) await teamCalled(name);
    const first = await list({ first: 2 });
    expect(first).toMatchObject({ names: 'a b', totalCount: 5, pageInfo: { hasNextPage: true, hasPreviousPage: false } });
    expect(await list({ first: 3, after: first.pageInfo.endCursor })).toMatchObject({ names: 'c d e', pageInfo: { hasNextPage: false } });
    const last = await list({ last: 2 });
    expect(last).toMatchObject({ names: 'd e', pageInfo: { hasNextPage: false, hasPreviousPage: true } });
    expect(await list({ last: 9, before: last.pageInfo.startCursor })).toMatchObject({
      names: 'a b c',
      pageInfo: { hasPreviousPage: false },
    });
  });
});

describe('User.teams', () => {
  it('is told while a release that adds columns is on its way', async () => {
    await tenant.ask(admin, addTeamMember, { teamId: await teamCalled('Deep Space'), userId: admin.user.id });
    const columns = ['id', 'name', 'updated_at'];
    const alter = async (clause: (column: string) => string) =>
      await tenant.access(async (db) => await db.$executeRawUnsafe(`ALTER TABLE team_members ${columns.map(clause).join(', ')}`));
    await alter((column) => `ADD COLUMN ${column} text`);
    try {
      expect(await tenant.ask(admin, '{ me { teams { name } } }')).toEqual({ data: { me: { teams: [{ name: 'Deep Space' }] } } });
    } finally {
      await alter((column) => `DROP COLUMN ${column}`);
    }
  });
});

describe('Team.members', () => {
  it('come page by page, for several teams at once, forwards and backwards', async () => {
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c', 'd', 'e']) ids.push((await tenant.add({ name })).user.id);
    await tenant.access(async (db) => {
      await db.team.create({ data: { name: 'All', members: { create: ids.map((userId) => ({ userId })) } } });
      await db.team.create({ data: { name: 'Few', members: { create: ids.slice(0, 2).map((userId) => ({ userId })) } } });
      await db.team.create({ data: { name: 'None' } });
    });
    const query = /* GraphQL */ `
      query ($first: Int, $after: String, $last: Int, $before: String) {
        teams {
          nodes {
            name
            members(first: $first, after: $after, last: $last, before: $before) {
              totalCount
              nodes {
                name
              }
              edges {
                cursor
              }
              pageInfo {
                hasNextPage
                hasPreviousPage
              }
            }
          }
        }
      }
    `;
    const members = z.object({
      totalCount: z.number(),
      nodes: z.array(z.object({ name: z.string() })),
      edges: z.array(z.object({ cursor: z.string() })),
      pageInfo: z.object({ hasNextPage: z.boolean(), hasPreviousPage: z.boolean() }),
    });
    const shape = z.object({ nodes: z.array(z.object({ name: z.string(), members })) });
    const list = async (variables: Record<string, unknown>) => valueOf(await tenant.ask(admin, query, variables), shape).nodes;
    const summary = (teams: Awaited<ReturnType<typeof list>>) =>
      teams.map(({ members: { nodes, totalCount, pageInfo } }) => [
        nodes.map(({ name }) => name).join(''),
        totalCount,
        pageInfo.hasPreviousPage,
        pageInfo.hasNextPage,
      ]);

    const first = await list({ first: 2 });
    expect(summary(first)).toEqual([
      ['ab', 5, false, true],
      ['ab', 2, false, false],
      ['', 0, false, false],
    ]);
    const after = first[0]?.members.edges[1]?.cursor;
    expect(summary(await list({ first: 2, after }))[0]).toEqual(['cd', 5, true, true]);
    expect(summary(await list({ last: 2 }))[0]).toEqual(['de', 5, true, false]);
    expect(summary(await list({ last: 9, before: after }))[0]).toEqual(['a', 5, false, true]);
  });
});
