import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { someOf } from '../../testing/doom.ts';
import type { SagaPoint } from '../../testing/doom.ts';
import { operator } from '../../testing/installation.ts';
import { content, openDoomedTenants, pointsOf, soonAfter, type DoomedTenants, type Fate } from '../testing/doomed-tenants.ts';
import { closingSteps, droppingSteps } from './hibernation-saga.ts';

type Keep = 'closed' | 'dropped';

let tenants: DoomedTenants;

beforeAll(async () => void (tenants = await openDoomedTenants(inject('postgresUrl'))));
afterAll(async () => await tenants?.[Symbol.asyncDispose]());

async function hibernateKilled(keep: Keep, fate: Fate): Promise<{ id: string; wasKilled: boolean }> {
  const id = await tenants.provision();
  return { id, wasKilled: await tenants.kill({ method: 'hibernateTenant', id, actor: operator, options: { keep } }, fate) };
}

async function expectAsleep(id: string): Promise<void> {
  const { catalog, control } = tenants.installation;
  expect(await catalog.findTenants([id])).toMatchObject([{ status: 'HIBERNATED' }]);
  await expect(tenants.content(id)).rejects.toMatchObject({ code: expect.stringMatching(/^(55000|28000)$/) });
  await control.wakeTenant(id, operator);
  expect(await tenants.content(id)).toEqual(content);
}

async function expectAwake(id: string): Promise<void> {
  expect(await tenants.installation.catalog.findTenants([id])).toMatchObject([{ status: 'ACTIVE' }]);
  expect(await tenants.content(id)).toEqual(content);
}

const stepsOf: Readonly<Record<Keep, string[]>> = {
  closed: closingSteps.map(({ name }) => name),
  dropped: droppingSteps.map(({ name }) => name),
};
const lastFailure: Readonly<Record<Keep, SagaPoint>> = {
  closed: { step: 'close', direction: 'run', at: 'after' },
  dropped: { step: 'backup', direction: 'run', at: 'after' },
};
const undoneSteps: Readonly<Record<Keep, string[]>> = {
  closed: stepsOf.closed,
  dropped: stepsOf.dropped.filter((step) => step !== 'drop'),
};

describe.each<Keep>(['closed', 'dropped'])('a process that is killed while it puts a tenant to sleep, its database %s,', (keep) => {
  test.each(someOf(pointsOf(stepsOf[keep], 'run')))('$at the step "$step" leaves what another finishes', async (kill) => {
    const { id, wasKilled } = await hibernateKilled(keep, { kill });
    expect(wasKilled).toBe(true);
    expect(await tenants.takeOver()).toEqual([]);
    await expectAsleep(id);
  });

  test.each(someOf(stepsOf[keep]))('in the middle of whatever the step "%s" does leaves what another finishes', async (step) => {
    const { id } = await hibernateKilled(keep, soonAfter(step));
    expect(await tenants.takeOver()).toEqual([]);
    await expectAsleep(id);
  });

  test.each(someOf(pointsOf(undoneSteps[keep], 'undo')))(
    'and, on the way back, $at the step "$step", leaves what another undoes',
    async (kill) => {
      const { id, wasKilled } = await hibernateKilled(keep, { kill, fail: lastFailure[keep] });
      expect(wasKilled).toBe(true);
      expect(await tenants.takeOver()).toEqual([]);
      await expectAwake(id);
    },
  );
});
