import type { Answer } from '@tenantry/subgraph-kit/testing';
import type { TenantDb } from '@tenantry/tenant-pool';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { errorCodes, userErrorCodes } from '../testing/answers.ts';
import { openTestTenant, type Person, type TestTenant } from '../testing/test-tenant.ts';

let tenant: TestTenant;
let owner: Person;
let admin: Person;

beforeAll(async () => (tenant = await openTestTenant()));
afterAll(async () => await tenant[Symbol.asyncDispose]());

beforeEach(async () => {
  await tenant.clear();
  owner = await tenant.add({ name: 'Owner', role: 'OWNER' });
  admin = await tenant.add({ name: 'Admin', role: 'ADMIN' });
});

const changeRole = /* GraphQL */ `
  mutation ($id: ID!, $role: UserRole!) {
    changeUserRole(input: { id: $id, role: $role }) {
      user {
        role
      }
      userErrors {
        code
        field
      }
    }
  }
`;
const deactivate = 'mutation ($id: ID!) { deactivateUser(id: $id) { user { status } userErrors { code } } }';
const reactivate = 'mutation ($id: ID!) { reactivateUser(id: $id) { user { status } userErrors { code } } }';

async function setRole(caller: Person, { user: { id } }: Person, role: string): Promise<Answer> {
  return await tenant.ask(caller, changeRole, { id, role });
}

async function activeOwners(): Promise<number> {
  return await tenant.access(async (db) => await db.user.count({ where: { role: 'OWNER', status: 'ACTIVE' } }));
}

/** The answers to two changes that wait for the same rows, so that each was let in before the other was made. */
async function whileLocked(changes: readonly [() => Promise<Answer>, () => Promise<Answer>]): Promise<string[]> {
  const answers = await tenant.access(async (db) => {
    return await db.$transaction(async (tx) => {
      await tx.$queryRaw`SELECT id FROM users FOR UPDATE`;
      const pending = changes.map(async (change) => await change());
      await expect.poll(async () => await waitingSessions(db), { timeout: 10_000 }).toBe(changes.length);
      return { pending };
    });
  });
  return (await Promise.all(answers.pending)).map(outcomeOf).toSorted();
}

async function waitingSessions(db: TenantDb): Promise<number> {
  const sessions = await db.$queryRaw<unknown[]>`
    SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  return sessions.length;
}

/** Whether a change came about, or why not. */
function outcomeOf(answer: Answer): string {
  return errorCodes(answer)[0] ?? userErrorCodes(answer)[0] ?? 'done';
}

describe('the last active owner', () => {
  it('keeps the role', async () => {
    await tenant.add({ name: 'Former owner', role: 'OWNER', status: 'DEACTIVATED' });
    await tenant.add({ name: 'Owner to be', role: 'OWNER', status: 'INVITED' });
    expect(await setRole(owner, owner, 'MEMBER')).toEqual({
      data: { changeUserRole: { user: null, userErrors: [{ code: 'LAST_OWNER', field: 'id' }] } },
    });
    expect(await activeOwners()).toBe(1);
  });

  it('stays active', async () => {
    expect(userErrorCodes(await tenant.ask(owner, deactivate, { id: owner.user.id }))).toEqual(['LAST_OWNER']);
    expect(await activeOwners()).toBe(1);
  });

  it('may go when there is another one', async () => {
    const other = await tenant.add({ name: 'Other', role: 'OWNER' });
    expect(outcomeOf(await setRole(owner, owner, 'MEMBER'))).toBe('done');
    expect(outcomeOf(await setRole(other, other, 'ADMIN'))).toBe('LAST_OWNER');
  });

  it('may be given the role that they have', async () => {
    expect(outcomeOf(await setRole(owner, owner, 'OWNER'))).toBe('done');
  });
});

describe('owners who remove each other at the same time', () => {
  it('leave one of two', async () => {
    const other = await tenant.add({ role: 'OWNER' });
    const outcomes = await whileLocked([() => setRole(owner, other, 'MEMBER'), () => setRole(other, owner, 'MEMBER')]);
    expect(outcomes).toEqual(['LAST_OWNER', 'done']);
    expect(await activeOwners()).toBe(1);
  });

  it('leave one, whether by role or by deactivation', async () => {
    const other = await tenant.add({ role: 'OWNER' });
    const outcomes = await whileLocked([() => tenant.ask(owner, deactivate, { id: other.user.id }), () => setRole(other, owner, 'ADMIN')]);
    expect(outcomes).toEqual(['LAST_OWNER', 'done']);
    expect(await activeOwners()).toBe(1);
  });

  it('have no rights left to remove with, once they are removed themselves', async () => {
    const other = await tenant.add({ role: 'OWNER' });
    await tenant.add({ name: 'Third', role: 'OWNER' });
    const outcomes = await whileLocked([() => setRole(owner, other, 'MEMBER'), () => setRole(other, owner, 'MEMBER')]);
    expect(outcomes).toEqual(['FORBIDDEN', 'done']);
    expect(await activeOwners()).toBe(2);
  });

  it('leave one of many, each of whom resigns', async () => {
    const others = await Promise.all(Array.from({ length: 7 }, async () => await tenant.add({ role: 'OWNER' })));
    const answers = await Promise.all([owner, ...others].map(async (person) => await setRole(person, person, 'MEMBER')));
    expect(answers.map(outcomeOf).toSorted()).toEqual(['LAST_OWNER', ...Array.from({ length: 7 }, () => 'done')]);
    expect(await activeOwners()).toBe(1);
  });
});

describe('an admin', () => {
  it('neither makes nor unmakes an owner', async () => {
    await tenant.add({ name: 'Other', role: 'OWNER' });
    const former = await tenant.add({ name: 'Former', role: 'OWNER', status: 'DEACTIVATED' });
    const invited = await tenant.add({ name: 'Invited', role: 'OWNER', status: 'INVITED' });
    const outcomes = [
      await setRole(admin, admin, 'OWNER'),
      await setRole(admin, owner, 'MEMBER'),
      await setRole(admin, invited, 'MEMBER'),
      await tenant.ask(admin, deactivate, { id: owner.user.id }),
      await tenant.ask(admin, reactivate, { id: former.user.id }),
    ].map(outcomeOf);
    expect(outcomes).toEqual(['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN']);
  });

  it('makes admins and unmakes them', async () => {
    const member = await tenant.add();
    expect((await setRole(admin, member, 'ADMIN')).data).toEqual({ changeUserRole: { user: { role: 'ADMIN' }, userErrors: [] } });
    expect((await setRole(admin, admin, 'MEMBER')).data).toEqual({ changeUserRole: { user: { role: 'MEMBER' }, userErrors: [] } });
    expect(outcomeOf(await setRole(admin, member, 'MEMBER'))).toBe('FORBIDDEN');
  });
});

describe('changeUserRole, deactivateUser and reactivateUser', () => {
  it('tell when there is no such user', async () => {
    for (const id of ['0198c0de-0000-7000-8000-000000000000', 'not-an-id']) {
      expect(userErrorCodes(await tenant.ask(owner, changeRole, { id, role: 'ADMIN' }))).toEqual(['USER_NOT_FOUND']);
      expect(userErrorCodes(await tenant.ask(owner, deactivate, { id }))).toEqual(['USER_NOT_FOUND']);
      expect(userErrorCodes(await tenant.ask(owner, reactivate, { id }))).toEqual(['USER_NOT_FOUND']);
    }
  });

  it('shut a user out and let them in again, with the role that they had', async () => {
    for (let time = 0; time < 2; time += 1) {
      expect((await tenant.ask(owner, deactivate, { id: admin.user.id })).data).toEqual({
        deactivateUser: { user: { status: 'DEACTIVATED' }, userErrors: [] },
      });
    }
    expect(errorCodes(await tenant.ask(admin, '{ teams { totalCount } }'))).toEqual(['FORBIDDEN']);
    expect(outcomeOf(await tenant.ask(owner, reactivate, { id: admin.user.id }))).toBe('done');
    expect((await tenant.ask(admin, '{ me { role } }')).data).toEqual({ me: { role: 'ADMIN' } });
  });

  it('let an owner bring back a former one', async () => {
    const former = await tenant.add({ role: 'OWNER', status: 'DEACTIVATED' });
    expect(outcomeOf(await tenant.ask(owner, reactivate, { id: former.user.id }))).toBe('done');
    expect(await activeOwners()).toBe(2);
  });

  it('are for people who have joined', async () => {
    const invited = await tenant.add({ status: 'INVITED' });
    expect(userErrorCodes(await tenant.ask(owner, deactivate, { id: invited.user.id }))).toEqual(['USER_NOT_JOINED']);
    expect(userErrorCodes(await tenant.ask(owner, reactivate, { id: invited.user.id }))).toEqual(['USER_NOT_JOINED']);
  });
});

describe('updateUser', () => {
  const update =
    'mutation ($id: ID!, $name: String!) { updateUser(input: { id: $id, name: $name }) { user { name } userErrors { code field } } }';

  it('tidies the name', async () => {
    const answer = await tenant.ask(admin, update, { id: admin.user.id, name: '  Grace \n Hopper ' });
    expect(answer.data).toEqual({ updateUser: { user: { name: 'Grace Hopper' }, userErrors: [] } });
  });

  it('refuses a blank name and an unknown user', async () => {
    expect((await tenant.ask(admin, update, { id: admin.user.id, name: '  ' })).data).toEqual({
      updateUser: { user: null, userErrors: [{ code: 'INVALID_NAME', field: 'name' }] },
    });
    expect(userErrorCodes(await tenant.ask(admin, update, { id: 'not-an-id', name: 'Name' }))).toEqual(['USER_NOT_FOUND']);
  });
});
