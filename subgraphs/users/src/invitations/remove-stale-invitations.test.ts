import { silentLogger } from '@tenantry/service';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestTenant, type TestTenant } from '../testing/test-tenant.ts';
import { removeStaleInvitations } from './remove-stale-invitations.ts';

let tenant: TestTenant;
beforeAll(async () => (tenant = await openTestTenant()));
afterAll(async () => await tenant[Symbol.asyncDispose]());

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);

async function invite(name: string, invitation: { expiresAt: Date; acceptedAt?: Date }): Promise<string> {
  const { user } = await tenant.add({ name, status: invitation.acceptedAt ? 'ACTIVE' : 'INVITED' });
  await tenant.access(async (db) => await db.invitation.create({ data: { userId: user.id, ...invitation } }));
  return user.id;
}

/** @returns what it told those who subscribe */
async function run(): Promise<string[]> {
  const told: string[] = [];
  const announce = (topic: string, id: string) => void told.push(`${topic} ${id}`);
  await tenant.access(async (db) => {
    const requester = { issuer: 'tenantry', subject: 'jobs', requestId: 'job-1' };
    const { signal } = new AbortController();
    const job = { id: '1', tenantId: tenant.id, payload: {}, attempt: 1, requester, signal, logger: silentLogger };
    await removeStaleInvitations.run({ ...job, announce, db: async () => db });
  });
  return told;
}

const names = async () => await tenant.access(async (db) => (await db.user.findMany({ orderBy: { name: 'asc' } })).map(({ name }) => name));

it('forgets who was invited long ago and never came, and nobody else', async () => {
  await invite('Came', { expiresAt: daysAgo(100), acceptedAt: daysAgo(110) });
  await invite('Expired', { expiresAt: daysAgo(89) });
  await invite('Expected', { expiresAt: daysAgo(-1) });
  const forgotten = await invite('Forgotten', { expiresAt: daysAgo(91) });
  expect(await run()).toEqual([`user ${forgotten}`]);
  expect(await names()).toEqual(['Came', 'Expected', 'Expired']);
  expect(await run()).toEqual([]);
  expect(await names()).toEqual(['Came', 'Expected', 'Expired']);
});

it('leaves somebody alone whose invitation is being renewed at the moment', async () => {
  await tenant.clear();
  await invite('Renewed', { expiresAt: daysAgo(91) });
  await tenant.access(async (db) => {
    await db.$transaction(async (tx) => {
      await tx.$queryRaw`SELECT id FROM users FOR UPDATE`;
      await run();
      await tx.invitation.updateMany({ data: { expiresAt: daysAgo(-7) } });
    });
  });
  await run();
  expect(await names()).toEqual(['Renewed']);
});
