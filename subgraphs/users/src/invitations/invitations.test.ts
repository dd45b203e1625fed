import type { Answer } from '@tenantry/subgraph-kit/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { errorCodes, userErrorCodes, valueOf } from '../testing/answers.ts';
import { openTestTenant, type Person, type TestTenant } from '../testing/test-tenant.ts';

let tenant: TestTenant;
let owner: Person;
let admin: Person;

beforeAll(async () => (tenant = await openTestTenant()));
afterAll(async () => await tenant[Symbol.asyncDispose]());

beforeEach(async () => {
  await tenant.clear();
  owner = await tenant.add({ name: 'Owner', email: 'owner@here.example', role: 'OWNER' });
  admin = await tenant.add({ name: 'Admin', email: 'admin@here.example', role: 'ADMIN' });
});

const inviteUser = /* GraphQL */ `
  mutation ($input: InviteUserInput!) {
    inviteUser(input: $input) {
      user {
        id
        email
        name
        role
        status
      }
      invitation {
        id
        email
        role
        status
        user {
          name
        }
        invitedBy {
          name
        }
        createdAt
        expiresAt
        acceptedAt
      }
      userErrors {
        code
        field
      }
    }
  }
`;
const acceptInvitation = 'mutation { acceptInvitation { user { id status role teams { name } } userErrors { code field } } }';
const revokeInvitation = 'mutation ($id: ID!) { revokeInvitation(id: $id) { revokedInvitationId userErrors { code } } }';
const listInvitations = /* GraphQL */ `
  query ($status: InvitationStatus, $first: Int, $after: String) {
    invitations(first: $first, after: $after, filter: { status: $status }) {
      totalCount
      nodes {
        email
      }
      pageInfo {
        endCursor
      }
    }
  }
`;

async function invite(caller: Person, input: { email: string; name?: string; role?: string }): Promise<Answer> {
  return await tenant.ask(caller, inviteUser, { input });
}

const invited = z.object({ invitation: z.object({ id: z.string() }) });

async function expireAll(): Promise<void> {
  await tenant.access(async (db) => await db.invitation.updateMany({ data: { expiresAt: new Date(Date.now() - 1) } }));
}

describe('inviteUser', () => {
  it('makes an invited user and an invitation', async () => {
    const answer = await invite(admin, { email: ' Grace@There.Example', name: 'Grace Hopper', role: 'ADMIN' });
    expect(answer.data).toEqual({
      inviteUser: {
        user: { id: expect.any(String), email: 'grace@there.example', name: 'Grace Hopper', role: 'ADMIN', status: 'INVITED' },
        invitation: {
          id: expect.any(String),
          email: 'grace@there.example',
          role: 'ADMIN',
          status: 'PENDING',
          user: { name: 'Grace Hopper' },
          invitedBy: { name: 'Admin' },
          createdAt: expect.any(String),
          expiresAt: expect.any(String),
          acceptedAt: null,
        },
        userErrors: [],
      },
    });
  });

  it('invites a member, called after their email, when nothing else is said', async () => {
    const answer = await invite(admin, { email: 'grace.hopper@there.example' });
    expect(answer.data).toMatchObject({ inviteUser: { user: { name: 'grace.hopper', role: 'MEMBER' } } });
  });

  it("lasts as long as the tenant's settings say", async () => {
    await tenant.access(async (db) => await db.tenantSettings.update({ where: { id: 1 }, data: { invitationDays: 3 } }));
    await invite(admin, { email: 'grace@there.example' });
    await tenant.access(async (db) => {
      const { createdAt, expiresAt } = await db.invitation.findFirstOrThrow();
      expect(Math.abs(expiresAt.getTime() - createdAt.getTime() - 3 * 86_400_000)).toBeLessThan(10_000);
      await db.tenantSettings.update({ where: { id: 1 }, data: { invitationDays: 14 } });
    });
  });

  it('refuses what is no email or no name, all at once', async () => {
    const answer = await invite(admin, { email: 'not an email', name: ' ' });
    expect(answer.data).toEqual({
      inviteUser: {
        user: null,
        invitation: null,
        userErrors: [
          { code: 'INVALID_EMAIL', field: 'email' },
          { code: 'INVALID_NAME', field: 'name' },
        ],
      },
    });
  });

  it('refuses the email of somebody who has joined, however it is spelt, and of somebody deactivated', async () => {
    await tenant.add({ email: 'gone@here.example', status: 'DEACTIVATED' });
    expect(userErrorCodes(await invite(admin, { email: 'OWNER@here.example ' }))).toEqual(['EMAIL_TAKEN']);
    expect(userErrorCodes(await invite(admin, { email: 'gone@here.example' }))).toEqual(['EMAIL_TAKEN']);
  });

  it('refuses a second invitation while the first is pending, and renews it once it has expired', async () => {
    const first = valueOf(await invite(admin, { email: 'grace@there.example', name: 'Grace' }), invited);
    expect(userErrorCodes(await invite(owner, { email: 'grace@there.example' }))).toEqual(['ALREADY_INVITED']);
    await expireAll();
    const renewed = await invite(owner, { email: 'grace@there.example', role: 'ADMIN' });
    expect(renewed.data).toMatchObject({
      inviteUser: {
        user: { name: 'Grace', role: 'ADMIN', status: 'INVITED' },
        invitation: { status: 'PENDING', invitedBy: { name: 'Owner' } },
        userErrors: [],
      },
    });
    expect(valueOf(renewed, invited).invitation.id).not.toBe(first.invitation.id);
    expect(await tenant.access(async (db) => await db.invitation.count())).toBe(1);
  });

  it('leaves owners to owners', async () => {
    expect(errorCodes(await invite(admin, { email: 'grace@there.example', role: 'OWNER' }))).toEqual(['FORBIDDEN']);
    expect(userErrorCodes(await invite(owner, { email: 'grace@there.example', role: 'OWNER' }))).toEqual([]);
    await expireAll();
    expect(errorCodes(await invite(admin, { email: 'grace@there.example', role: 'MEMBER' }))).toEqual(['FORBIDDEN']);
  });

  it('invites once when several ask at the same time, for the first time and to renew', async () => {
    for (let round = 0; round < 2; round += 1) {
      const answers = await Promise.all(Array.from({ length: 8 }, async () => await invite(admin, { email: 'grace@there.example' })));
      const codes = answers.map((answer) => userErrorCodes(answer)[0] ?? 'done');
      expect(codes.toSorted()).toEqual([...Array.from({ length: 7 }, () => 'ALREADY_INVITED'), 'done']);
      await expireAll();
    }
  });
});

describe('acceptInvitation', () => {
  it('links the token to the user who was invited by its email', async () => {
    await invite(admin, { email: 'grace@there.example', role: 'ADMIN' });
    const grace = tenant.stranger('Grace@There.example');
    const answer = await tenant.ask(grace, acceptInvitation);
    expect(answer.data).toEqual({
      acceptInvitation: { user: { id: expect.any(String), status: 'ACTIVE', role: 'ADMIN', teams: [] }, userErrors: [] },
    });
    expect((await tenant.ask(grace, '{ me { email } }')).data).toEqual({ me: { email: 'grace@there.example' } });
    expect((await tenant.ask(admin, listInvitations, { status: 'ACCEPTED' })).data).toMatchObject({ invitations: { totalCount: 1 } });
  });

  it('wants an email that the issuer has verified', async () => {
    await invite(admin, { email: 'grace@there.example' });
    const grace = tenant.stranger('grace@there.example');
    expect(userErrorCodes(await tenant.ask({ ...grace, emailVerified: false }, acceptInvitation))).toEqual(['EMAIL_NOT_VERIFIED']);
    expect(userErrorCodes(await tenant.ask({ ...grace, email: null }, acceptInvitation))).toEqual(['EMAIL_NOT_VERIFIED']);
    expect((await tenant.ask(grace, '{ me { id } }')).data).toEqual({ me: null });
  });

  it('finds no invitation for another email', async () => {
    await invite(admin, { email: 'grace@there.example' });
    expect(userErrorCodes(await tenant.ask(tenant.stranger('ada@there.example'), acceptInvitation))).toEqual(['INVITATION_NOT_FOUND']);
    expect(userErrorCodes(await tenant.ask(tenant.stranger('owner@here.example'), acceptInvitation))).toEqual(['INVITATION_NOT_FOUND']);
  });

  it('refuses an invitation that has expired, until it is renewed', async () => {
    await invite(admin, { email: 'grace@there.example' });
    await expireAll();
    const grace = tenant.stranger('grace@there.example');
    expect(userErrorCodes(await tenant.ask(grace, acceptInvitation))).toEqual(['INVITATION_EXPIRED']);
    await invite(admin, { email: 'grace@there.example' });
    expect(userErrorCodes(await tenant.ask(grace, acceptInvitation))).toEqual([]);
  });

  it('refuses a token that is linked already', async () => {
    await invite(admin, { email: 'grace@there.example' });
    const ownerWithAnotherEmail = { ...owner.principal, email: 'grace@there.example' };
    expect(userErrorCodes(await tenant.ask(ownerWithAnotherEmail, acceptInvitation))).toEqual(['ALREADY_JOINED']);
  });

  it('refuses an invitation that another account has accepted', async () => {
    await invite(admin, { email: 'grace@there.example' });
    await tenant.ask(tenant.stranger('grace@there.example'), acceptInvitation);
    expect(userErrorCodes(await tenant.ask(tenant.stranger('grace@there.example'), acceptInvitation))).toEqual([
      'INVITATION_ALREADY_ACCEPTED',
    ]);
  });

  it('links one of several accounts that accept at the same time', async () => {
    await invite(admin, { email: 'grace@there.example' });
    const accounts = Array.from({ length: 8 }, () => tenant.stranger('grace@there.example'));
    const answers = await Promise.all(accounts.map(async (account) => await tenant.ask(account, acceptInvitation)));
    const codes = answers.map((answer) => userErrorCodes(answer)[0] ?? 'done');
    expect(codes.toSorted()).toEqual([...Array.from({ length: 7 }, () => 'INVITATION_ALREADY_ACCEPTED'), 'done']);
    const winner = accounts[codes.indexOf('done')];
    const { subject } = await tenant.access(async (db) => await db.user.findFirstOrThrow({ where: { email: 'grace@there.example' } }));
    expect(subject).toBe(winner?.subject);
  });

  it('gives one account one of several invitations that it accepts at the same time', async () => {
    const emails = ['a', 'b', 'c', 'd'].map((name) => `${name}@there.example`);
    for (const email of emails) await invite(admin, { email });
    const account = tenant.stranger();
    const answers = await Promise.all(emails.map(async (email) => await tenant.ask({ ...account, email }, acceptInvitation)));
    const codes = answers.map((answer) => userErrorCodes(answer)[0] ?? 'done');
    expect(codes.toSorted()).toEqual(['ALREADY_JOINED', 'ALREADY_JOINED', 'ALREADY_JOINED', 'done']);
    const statuses = await tenant.access(async (db) => await db.user.groupBy({ by: ['status'], _count: true, orderBy: { status: 'asc' } }));
    expect(statuses).toEqual([
      { status: 'INVITED', _count: 3 },
      { status: 'ACTIVE', _count: 3 },
    ]);
    expect(await tenant.access(async (db) => await db.invitation.count({ where: { acceptedAt: { not: null } } }))).toBe(1);
  });
});

describe('revokeInvitation', () => {
  it('removes the invitation and the invited user', async () => {
    const { invitation } = valueOf(await invite(admin, { email: 'grace@there.example' }), invited);
    expect((await tenant.ask(admin, revokeInvitation, { id: invitation.id })).data).toEqual({
      revokeInvitation: { revokedInvitationId: invitation.id, userErrors: [] },
    });
    expect(userErrorCodes(await tenant.ask(tenant.stranger('grace@there.example'), acceptInvitation))).toEqual(['INVITATION_NOT_FOUND']);
    expect(await tenant.access(async (db) => await db.user.count())).toBe(2);
  });

  it('tells when there is none, or when it was accepted', async () => {
    for (const id of ['0198c0de-0000-7000-8000-000000000000', 'not-an-id']) {
      expect(userErrorCodes(await tenant.ask(admin, revokeInvitation, { id }))).toEqual(['INVITATION_NOT_FOUND']);
    }
    const { invitation } = valueOf(await invite(admin, { email: 'grace@there.example' }), invited);
    await tenant.ask(tenant.stranger('grace@there.example'), acceptInvitation);
    expect(userErrorCodes(await tenant.ask(admin, revokeInvitation, { id: invitation.id }))).toEqual(['INVITATION_ALREADY_ACCEPTED']);
  });

  it("leaves an owner's to owners", async () => {
    const { invitation } = valueOf(await invite(owner, { email: 'grace@there.example', role: 'OWNER' }), invited);
    expect(errorCodes(await tenant.ask(admin, revokeInvitation, { id: invitation.id }))).toEqual(['FORBIDDEN']);
    expect(userErrorCodes(await tenant.ask(owner, revokeInvitation, { id: invitation.id }))).toEqual([]);
  });

  it('either revokes or comes too late when the invitation is accepted at the same time', async () => {
    for (let round = 0; round < 10; round += 1) {
      const email = `grace${round}@there.example`;
      const { invitation } = valueOf(await invite(admin, { email }), invited);
      const [revoked, accepted] = await Promise.all([
        tenant.ask(admin, revokeInvitation, { id: invitation.id }),
        tenant.ask(tenant.stranger(email), acceptInvitation),
      ]);
      const outcome = [userErrorCodes(revoked)[0], userErrorCodes(accepted)[0]];
      expect([
        [undefined, 'INVITATION_NOT_FOUND'],
        ['INVITATION_ALREADY_ACCEPTED', undefined],
      ]).toContainEqual(outcome);
    }
  });
});

describe('invitations', () => {
  it('are listed by status, the latest first, page by page', async () => {
    for (const name of ['a', 'b', 'c']) await invite(admin, { email: `${name}@there.example` });
    await expireAll();
    await invite(admin, { email: 'd@there.example' });
    await invite(admin, { email: 'e@there.example' });
    await tenant.ask(tenant.stranger('e@there.example'), acceptInvitation);

    const list = async (variables: Record<string, unknown>) => {
      const shape = z.object({
        totalCount: z.number(),
        nodes: z.array(z.object({ email: z.string() })),
        pageInfo: z.object({ endCursor: z.string() }),
      });
      const { nodes, totalCount, pageInfo } = valueOf(await tenant.ask(admin, listInvitations, variables), shape);
      return { letters: nodes.map(({ email }) => email[0]).join(''), totalCount, after: pageInfo.endCursor };
    };
    expect(await list({})).toMatchObject({ letters: 'edcba', totalCount: 5 });
    expect(await list({ status: 'PENDING' })).toMatchObject({ letters: 'd', totalCount: 1 });
    expect(await list({ status: 'ACCEPTED' })).toMatchObject({ letters: 'e', totalCount: 1 });
    const { letters, after } = await list({ status: 'EXPIRED', first: 2 });
    expect([letters, (await list({ status: 'EXPIRED', first: 2, after })).letters]).toEqual(['cb', 'a']);

    // Those of one moment are told apart as well.
    await tenant.access(async (db) => await db.invitation.updateMany({ data: { createdAt: new Date('2026-01-01') } }));
    const pages = [await list({ first: 2 })];
    pages.push(await list({ first: 2, after: pages[0]?.after }));
    pages.push(await list({ first: 2, after: pages[1]?.after }));
    expect(
      pages
        .map((page) => page.letters)
        .join('')
        .split('')
        .toSorted()
        .join(''),
    ).toBe('abcde');
  });
});
