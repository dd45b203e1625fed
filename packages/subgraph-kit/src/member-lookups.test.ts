import type { Principal } from '@tenantry/auth';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { SubgraphServices } from './services.ts';
import { createTestCaller, type TestCaller } from './testing/caller.ts';
import { openTestInstallation, type TestInstallation } from './testing/installation.ts';
import { defineProbe } from './testing/probe.ts';

const resources = new AsyncDisposableStack();
let installation: TestInstallation;
let services: SubgraphServices;
/** Two subgraphs of one process. */
let callers: readonly TestCaller[];
let tenantId: string;
let member: Principal;

beforeAll(async () => {
  installation = resources.use(await openTestInstallation(inject('postgresUrl')));
  ({ services } = installation);
  callers = [createTestCaller(defineProbe(), { services }), createTestCaller(defineProbe(), { services })];
  tenantId = (await installation.provision()).id;
  member = await installation.addUser(tenantId, { role: 'ADMIN' });
});
afterAll(async () => await resources.disposeAsync());

const ask = async (principal: Principal, query = '{ role }') =>
  await Promise.all(callers.map(async (caller) => await caller.ask<{ role: string }>(principal, query)));

async function lookupsOf(work: () => Promise<unknown>): Promise<string[]> {
  const statements = await installation.statements.record(work);
  return statements.map(({ sql }) => sql).filter((sql) => sql.includes('issuer ='));
}

async function setStatus({ subject }: Principal, status: 'ACTIVE' | 'DEACTIVATED'): Promise<void> {
  await using lease = await services.pool.lease(tenantId, { operation: 'test' });
  await lease.db.user.updateMany({ where: { subject }, data: { status } });
}

describe('the look-up of who asks', () => {
  it('is one statement for the subgraphs that one process asks for somebody at the same time', async () => {
    const lookups = await lookupsOf(async () => {
      for (const answer of await ask(member)) expect(answer).toEqual({ data: { role: 'ADMIN' } });
    });
    expect(lookups).toHaveLength(1);
  });

  it('is made anew by whoever asks later', async () => {
    const lookups = await lookupsOf(async () => {
      await ask(member);
      await ask(member);
    });
    expect(lookups).toHaveLength(2);
  });

  it('knows of each change that was made before it was asked for, whoever asks meanwhile', async () => {
    const earlier = ask(member);
    await setStatus(member, 'DEACTIVATED');
    for (const { errors } of await ask(member)) expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    await setStatus(member, 'ACTIVE');
    for (const { data } of await ask(member)) expect(data).toEqual({ role: 'ADMIN' });
    await earlier;
  });

  it('is each one’s own, for another person and for another tenant', async () => {
    const stranger = { ...member, subject: 'stranger' };
    const elsewhere = { ...member, tenantId: (await installation.provision()).id };
    const [own, strange, foreign] = await Promise.all([ask(member), ask(stranger), ask(elsewhere)]);
    for (const { data } of own) expect(data).toEqual({ role: 'ADMIN' });
    for (const { errors } of [...strange, ...foreign]) expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });
});

describe('a look-up that several wait for', () => {
  const found = { id: 'u', email: 'a@b.example', name: 'A', role: 'ADMIN', status: 'ACTIVE', createdAt: new Date(0) } as const;

  it('gives each an object of their own', async () => {
    const find = async () => await services.members.find(tenantId, member, async () => found);
    const [one, other] = await Promise.all([find(), find()]);
    expect(one).toEqual(found);
    expect(other).toEqual(found);
    expect(other).not.toBe(one);
  });

  it('is none that has begun', async () => {
    const begun = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<null>();
    const first = services.members.find(tenantId, member, async () => {
      begun.resolve();
      return await answer.promise;
    });
    await begun.promise;
    expect(await services.members.find(tenantId, member, async () => found)).toEqual(found);
    answer.resolve(null);
    expect(await first).toBeNull();
  });

  it('fails for the one whose request it went by, and nobody else', async () => {
    const ended = new Error('This request has ended.');
    const outcomes = await Promise.allSettled([
      services.members.find(tenantId, member, async () => await Promise.reject(ended)),
      services.members.find(tenantId, member, async () => found),
    ]);
    expect(outcomes).toEqual([
      { status: 'rejected', reason: ended },
      { status: 'fulfilled', value: found },
    ]);
  });
});
