import type { Answer, TestSubscription } from '@tenantry/subgraph-kit/testing';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { errorCodes, valueOf } from '../testing/answers.ts';
import { openTestTenant, type Person, type TestTenant } from '../testing/test-tenant.ts';

const userChanged = `subscription ($id: ID) {
  userChanged(id: $id) { kind userId user { id name role status teams { name } tenant { id } } }
}`;
let tenant: TestTenant;
let admin: Person;
let member: Person;

beforeAll(async () => (tenant = await openTestTenant()));
afterAll(async () => await tenant[Symbol.asyncDispose]());
beforeEach(async () => {
  await tenant.clear();
  admin = await tenant.add({ name: 'Admin', role: 'OWNER' });
  member = await tenant.add({ name: 'Member' });
});

async function subscribed(caller: Person, variables: { id?: string } = {}): Promise<TestSubscription> {
  const subscription = tenant.subscribe(caller, userChanged, variables);
  await subscription.established;
  return subscription;
}

async function next(subscription: TestSubscription): Promise<Answer> {
  const { value } = await subscription.next();
  if (!value) throw new Error('The subscription has ended.');
  return value;
}

const change = z.object({ kind: z.string(), userId: z.string().nullable(), user: z.looseObject({}).nullable() });
const nextChange = async (subscription: TestSubscription) => valueOf(await next(subscription), change);

async function perform(caller: Person['principal'] | Person, mutation: string, variables: Record<string, unknown> = {}): Promise<Answer> {
  const answer = await tenant.ask(caller, mutation, variables);
  expect(answer.errors).toBeUndefined();
  expect(JSON.stringify(answer)).toContain('"userErrors":[]');
  return answer;
}

it('tells of every change of somebody, as they are then, in all their fields', async () => {
  const subscription = await subscribed(member);
  const { id } = member.user;
  const teams: never[] = [];
  const user = { id, name: 'Member', role: 'MEMBER', status: 'ACTIVE', teams, tenant: { id: tenant.id } };
  for (const [mutation, changes] of [
    ['updateUser(input: { id: $id, name: "Renamed" })', { name: 'Renamed' }],
    ['changeUserRole(input: { id: $id, role: ADMIN })', { name: 'Renamed', role: 'ADMIN' }],
  ] as const) {
    await perform(admin, `mutation ($id: ID!) { ${mutation} { userErrors { code } } }`, { id });
    expect(await nextChange(subscription)).toEqual({ kind: 'CHANGED', userId: id, user: { ...user, ...changes } });
  }
  await subscription.return();
});

it('tells of an invitation, its acceptance and its end', async () => {
  const subscription = await subscribed(admin);
  const invite = async (email: string) =>
    await perform(admin, 'mutation ($e: String!) { inviteUser(input: { email: $e }) { invitation { id } userErrors { code } } }', {
      e: email,
    });
  await invite('grace@there.example');
  const invited = await nextChange(subscription);
  expect(invited).toMatchObject({ kind: 'CHANGED', user: { name: 'grace', status: 'INVITED' } });
  await perform(tenant.stranger('grace@there.example'), 'mutation { acceptInvitation { userErrors { code } } }');
  expect(await nextChange(subscription)).toMatchObject({ kind: 'CHANGED', userId: invited.userId, user: { status: 'ACTIVE' } });

  const { invitation } = valueOf(await invite('alan@there.example'), z.object({ invitation: z.object({ id: z.string() }) }));
  const { userId } = await nextChange(subscription);
  await perform(admin, 'mutation ($id: ID!) { revokeInvitation(id: $id) { userErrors { code } } }', { id: invitation.id });
  expect(await nextChange(subscription)).toEqual({ kind: 'REMOVED', userId, user: null });
  await subscription.return();
});

it('tells of one person alone, if asked to', async () => {
  const subscription = await subscribed(admin, { id: member.user.id.toUpperCase() });
  const rename = 'mutation ($id: ID!, $name: String!) { updateUser(input: { id: $id, name: $name }) { userErrors { code } } }';
  await perform(admin, rename, { id: admin.user.id, name: 'Not told' });
  await perform(admin, rename, { id: member.user.id, name: 'Told' });
  expect(await nextChange(subscription)).toMatchObject({ userId: member.user.id, user: { name: 'Told' } });
  await subscription.return();
});

it('tells nothing of what was refused', async () => {
  const subscription = await subscribed(admin);
  const role = 'mutation ($id: ID!) { changeUserRole(input: { id: $id, role: MEMBER }) { userErrors { code } } }';
  expect(JSON.stringify(await tenant.ask(admin, role, { id: admin.user.id }))).toContain('LAST_OWNER');
  await perform(admin, role, { id: member.user.id });
  expect(await nextChange(subscription)).toMatchObject({ userId: member.user.id });
  await subscription.return();
});

it('ends for who is no member any more, with the change that made it so', async () => {
  const subscription = await subscribed(member);
  await perform(admin, 'mutation ($id: ID!) { deactivateUser(id: $id) { userErrors { code } } }', { id: member.user.id });
  expect(errorCodes(await next(subscription))).toEqual(['FORBIDDEN']);
  expect((await subscription.next()).done).toBe(true);
});

it('is for members, and for an id that may be somebody’s', async () => {
  const refused = async (caller: Parameters<TestTenant['subscribe']>[0], variables = {}) =>
    errorCodes(await next(tenant.subscribe(caller, userChanged, variables)));
  expect(await refused(tenant.stranger())).toEqual(['FORBIDDEN']);
  expect(await refused(await tenant.add({ status: 'DEACTIVATED' }))).toEqual(['FORBIDDEN']);
  expect(await refused(member, { id: 'nonsense' })).toEqual(['BAD_USER_INPUT']);
});
