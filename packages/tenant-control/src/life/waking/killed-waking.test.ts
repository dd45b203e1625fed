import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { someOf } from '../../testing/doom.ts';
import type { SagaPoint } from '../../testing/doom.ts';
import { operator } from '../../testing/installation.ts';
import { content, openDoomedTenants, pointsOf, soonAfter, type DoomedTenants, type Fate } from '../testing/doomed-tenants.ts';
import { openingSteps, restoringSteps } from './waking-saga.ts';

type Keep = 'closed' | 'dropped';

let tenants: DoomedTenants;

beforeAll(async () => void (tenants = await openDoomedTenants(inject('postgresUrl'))));
afterAll(async () => await tenants?.[Symbol.asyncDispose]());

async function wakeKilled(keep: Keep, fate: Fate): Promise<{ id: string; wasKilled: boolean }> {
  const id = await tenants.provision();
  await tenants.installation.control.hibernateTenant(id, operator, { keep });
  return { id, wasKilled: await tenants.kill({ method: 'wakeTenant', id, actor: operator }, fate) };
}

async function expectAwake(id: string): Promise<void> {
  expect(await tenants.installation.catalog.findTenants([id])).toMatchObject([{ status: 'ACTIVE' }]);
  expect(await tenants.content(id)).toEqual(content);
}

async function expectAsleep(id: string): Promise<void> {
  const { catalog, control } = tenants.installation;
  expect(await catalog.findTenants([id])).toMatchObject([{ status: 'HIBERNATED' }]);
  await expect(tenants.content(id)).rejects.toMatchObject({ code: expect.stringMatching(/^(55000|28000)$/) });
  await control.wakeTenant(id, operator);
  expect(await tenants.content(id)).toEqual(content);
}

const stepsOf: Readonly<Record<Keep, string[]>> = {
  closed: openingSteps.map(({ name }) => name),
  dropped: restoringSteps.map(({ name }) => name),
};
const inParts: SagaPoint = { step: 'restore', direction: 'run', at: 'during' };
const fail: SagaPoint = { step: 'verification', direction: 'run', at: 'after' };

describe.each<Keep>(['closed', 'dropped'])('a process that is killed while it wakes a tenant, its database %s,', (keep) => {
  const forward = [...pointsOf(stepsOf[keep], 'run'), ...(keep === 'dropped' ? [inParts] : [])];
  const backward = pointsOf(
    stepsOf[keep].filter((step) => step !== 'activation'),
    'undo',
  );

  test.each(someOf(forward))('$at the step "$step" leaves what another finishes', async (kill) => {
    const { id, wasKilled } = await wakeKilled(keep, { kill });
    expect(wasKilled).toBe(true);
    expect(await tenants.takeOver()).toEqual([]);
    await expectAwake(id);
  });

  test.each(someOf(stepsOf[keep]))('in the middle of whatever the step "%s" does leaves what another finishes', async (step) => {
    const { id } = await wakeKilled(keep, soonAfter(step));
    expect(await tenants.takeOver()).toEqual([]);
    await expectAwake(id);
  });

  test.each(someOf(backward))('and, on the way back, $at the step "$step", leaves what another undoes', async (kill) => {
    const { id, wasKilled } = await wakeKilled(keep, { kill, fail });
    expect(wasKilled).toBe(true);
    expect(await tenants.takeOver()).toEqual([]);
    await expectAsleep(id);
  });
});
