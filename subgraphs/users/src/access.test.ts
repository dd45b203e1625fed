import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { errorCodes } from './testing/answers.ts';
import { openTestTenant, type Person, type TestTenant } from './testing/test-tenant.ts';

let tenant: TestTenant;
let member: Person;
let admin: Person;
let teamId: string;
let invitationId: string;

beforeAll(async () => (tenant = await openTestTenant()));
afterAll(async () => await tenant[Symbol.asyncDispose]());

beforeEach(async () => {
  await tenant.clear();
  await tenant.add({ name: 'Owner', role: 'OWNER' });
  admin = await tenant.add({ name: 'Admin', role: 'ADMIN' });
  member = await tenant.add({ name: 'Member' });
  const invitee = await tenant.add({ name: 'Invitee', status: 'INVITED' });
  await tenant.access(async (db) => {
    ({ id: teamId } = await db.team.create({ data: { name: 'Team', members: { create: { userId: member.user.id } } } }));
    ({ id: invitationId } = await db.invitation.create({ data: { userId: invitee.user.id, expiresAt: new Date('2100-01-01') } }));
  });
});

/** A query for everything that members may read, with the ids of things that exist. */
function memberQueries(): string[] {
  return [
    `{ user(id: "${member.user.id}") { name } }`,
    `{ user(id: "not-an-id") { name } }`,
    `{ team(id: "not-an-id") { name } }`,
    `{ users { nodes { name } } }`,
    `{ users { totalCount } }`,
    `{ team(id: "${teamId}") { name } }`,
    `{ teams { nodes { name memberCount members { nodes { name } } } } }`,
    `{ _entities(representations: [{ __typename: "User", id: "${member.user.id}" }]) { ... on User { name } } }`,
    `{ _entities(representations: [{ __typename: "User", id: "not-an-id" }]) { ... on User { name } } }`,
    `{ _entities(representations: [{ __typename: "Team", id: "${teamId}" }]) { ... on Team { name } } }`,
    `{ _entities(representations: [{ __typename: "Tenant", id: "${tenant.id}" }]) { ... on Tenant { userCount } } }`,
    `{ _entities(representations: [{ __typename: "Tenant", id: "${tenant.id}" }]) { ... on Tenant { users { nodes { name } } } } }`,
    `mutation { updateUser(input: { id: "${member.user.id}", name: "Changed" }) { user { name } userErrors { code } } }`,
  ];
}

/** What needs an admin. */
function adminQueries(): string[] {
  return [
    `{ invitations { nodes { email } } }`,
    `{ _entities(representations: [{ __typename: "Invitation", id: "${invitationId}" }]) { ... on Invitation { email } } }`,
    `mutation { inviteUser(input: { email: "x@here.example" }) { user { name } userErrors { code } } }`,
    `mutation { changeUserRole(input: { id: "${member.user.id}", role: ADMIN }) { user { name } userErrors { code } } }`,
    `mutation { deactivateUser(id: "${member.user.id}") { user { name } userErrors { code } } }`,
    `mutation { reactivateUser(id: "${member.user.id}") { user { name } userErrors { code } } }`,
    `mutation { createTeam(input: { name: "Another" }) { team { name } userErrors { code } } }`,
    `mutation { addTeamMember(input: { teamId: "${teamId}", userId: "${admin.user.id}" }) { team { name } userErrors { code } } }`,
    `mutation { removeTeamMember(input: { teamId: "${teamId}", userId: "${member.user.id}" }) { team { name } userErrors { code } } }`,
    `mutation { revokeInvitation(id: "${invitationId}") { revokedInvitationId userErrors { code } } }`,
    `mutation { updateUser(input: { id: "${admin.user.id}", name: "Changed" }) { user { name } userErrors { code } } }`,
  ];
}

/** Everything in the tenant's database, to see that nothing has changed. */
async function contents(): Promise<unknown> {
  return await tenant.access(async (db) => [
    await db.user.findMany({ orderBy: { id: 'asc' } }),
    await db.team.findMany({ include: { members: true } }),
    await db.invitation.findMany(),
  ]);
}

describe('a member', () => {
  it('may read people and teams, and edit themselves', async () => {
    for (const query of memberQueries()) expect([query, errorCodes(await tenant.ask(member, query))]).toEqual([query, []]);
  });

  it('may do nothing that needs an admin', async () => {
    const before = await contents();
    for (const query of adminQueries()) expect([query, errorCodes(await tenant.ask(member, query))]).toEqual([query, ['FORBIDDEN']]);
    expect(await contents()).toEqual(before);
  });
});

describe('an admin', () => {
  it('may do all that does not concern owners', async () => {
    for (const query of [...memberQueries(), ...adminQueries()]) {
      expect([query, errorCodes(await tenant.ask(admin, query))]).toEqual([query, []]);
    }
  });
});

describe('a platform operator who acts in the tenant', () => {
  it('may do what an admin may, and is no user', async () => {
    for (const query of [...memberQueries(), ...adminQueries()]) {
      expect([query, errorCodes(await tenant.askAsOperator(query))]).toEqual([query, []]);
    }
    expect(await tenant.askAsOperator('{ me { id } }')).toEqual({ data: { me: null } });
  });

  it('is named as nobody on the invitations that they extend', async () => {
    const answer = await tenant.askAsOperator(
      'mutation { inviteUser(input: { email: "o@here.example" }) { invitation { invitedBy { id } status } } }',
    );
    expect(answer.data).toEqual({ inviteUser: { invitation: { invitedBy: null, status: 'PENDING' } } });
  });

  it('cannot make or unmake an owner, nor become a user', async () => {
    const refused = [
      `mutation { inviteUser(input: { email: "x@here.example", role: OWNER }) { user { id } } }`,
      `mutation { changeUserRole(input: { id: "${member.user.id}", role: OWNER }) { user { id } } }`,
      `mutation { acceptInvitation { user { id } } }`,
    ];
    for (const query of refused) expect([query, errorCodes(await tenant.askAsOperator(query))]).toEqual([query, ['FORBIDDEN']]);
  });
});

describe('a token that is linked to no user', () => {
  it('has no me, and may do nothing else', async () => {
    const before = await contents();
    const stranger = tenant.stranger();
    expect(await tenant.ask(stranger, '{ me { id } }')).toEqual({ data: { me: null } });
    for (const query of [...memberQueries(), ...adminQueries()]) {
      expect([query, errorCodes(await tenant.ask(stranger, query))]).toEqual([query, ['FORBIDDEN']]);
    }
    expect(await contents()).toEqual(before);
  });

  it("is not a user's for its subject alone: the issuer counts too", async () => {
    const forged = { ...admin.principal, issuer: 'https://elsewhere.example' };
    expect(await tenant.ask(forged, '{ me { id } }')).toEqual({ data: { me: null } });
    expect(errorCodes(await tenant.ask(forged, '{ users { totalCount } }'))).toEqual(['FORBIDDEN']);
  });
});

describe("a deactivated user's token", () => {
  it('is refused, with the reason', async () => {
    const gone = await tenant.add({ name: 'Gone', role: 'ADMIN', status: 'DEACTIVATED' });
    const { errors } = await tenant.ask(gone, '{ me { id } }');
    expect(errors?.map(({ message, extensions }) => [extensions.code, message])).toEqual([
      ['FORBIDDEN', 'Your account in this tenant is deactivated: ask one of its admins.'],
    ]);
    for (const query of [...memberQueries(), ...adminQueries(), 'mutation { acceptInvitation { user { id } } }']) {
      expect([query, errorCodes(await tenant.ask(gone, query))]).toEqual([query, ['FORBIDDEN']]);
    }
  });
});

describe('a request for no tenant', () => {
  it('is told that it needs one', async () => {
    const nowhere = { ...admin.principal, tenantId: null };
    for (const query of ['{ me { id } }', ...memberQueries(), ...adminQueries(), 'mutation { acceptInvitation { user { id } } }']) {
      expect([query, errorCodes(await tenant.ask(nowhere, query))]).toEqual([query, ['TENANT_REQUIRED']]);
    }
  });
});

describe('me', () => {
  it('is the user whose issuer and subject the token has', async () => {
    const answer = await tenant.ask(member, '{ me { id name role status teams { name } tenant { id } } }');
    expect(answer).toEqual({
      data: {
        me: { id: member.user.id, name: 'Member', role: 'MEMBER', status: 'ACTIVE', teams: [{ name: 'Team' }], tenant: { id: tenant.id } },
      },
    });
  });
});

describe('user and team', () => {
  it('are null for an id that nothing has, or that is none', async () => {
    for (const id of ['0198c0de-0000-7000-8000-000000000000', 'not-an-id']) {
      expect(await tenant.ask(member, 'query ($id: ID!) { user(id: $id) { id } team(id: $id) { id } }', { id })).toEqual({
        data: { user: null, team: null },
      });
    }
  });
});
