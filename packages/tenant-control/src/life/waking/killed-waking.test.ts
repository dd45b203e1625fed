import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { someOf, type SagaPoint } from '../../testing/doom.ts';
import { operator } from '../../testing/installation.ts';
import { openDoomedTenants, pointsOf, soonAfter, type DoomedTenants, type Fate } from '../testing/doomed-tenants.ts';
import { expectAsleep, expectAwake, keeps, namesOf, type Keep } from '../testing/sleepers.ts';
import { openingSteps, restoringSteps } from './waking-saga.ts';

let tenants: DoomedTenants;

beforeAll(async () => void (tenants = await openDoomedTenants(inject('postgresUrl'))));
afterAll(async () => await tenants?.[Symbol.asyncDispose]());

async function wakeKilled(keep: Keep, fate: Fate): Promise<{ id: string; wasKilled: boolean }> {
  const id = await tenants.provision();
  await tenants.installation.control.hibernateTenant(id, operator, { keep });
  return { id, wasKilled: await tenants.kill({ method: 'wakeTenant', id, actor: operator }, fate) };
}

const stepsOf: Readonly<Record<Keep, string[]>> = { closed: namesOf(openingSteps), dropped: namesOf(restoringSteps) };
const inParts: SagaPoint = { step: 'restore', direction: 'run', at: 'during' };
const fail: SagaPoint = { step: 'verification', direction: 'run', at: 'after' };

describe.each(keeps)('a process that is killed while it wakes a tenant, its database %s,', (keep) => {
  const steps = stepsOf[keep];
  const forward = [...pointsOf(steps, 'run'), ...(keep === 'dropped' ? [inParts] : [])];
  const reversible = steps.filter((step) => step !== 'activation');

  test.each(someOf(forward))('$at the step "$step" leaves what another finishes', async (kill) => {
    const { id, wasKilled } = await wakeKilled(keep, { kill });
    expect(wasKilled).toBe(true);
    expect(await tenants.takeOver()).toEqual([]);
    await expectAwake(tenants, id);
  });

  test.each(someOf(steps))('in the middle of whatever the step "%s" does leaves what another finishes', async (step) => {
    const { id } = await wakeKilled(keep, soonAfter(step));
    expect(await tenants.takeOver()).toEqual([]);
    await expectAwake(tenants, id);
  });

  test.each(someOf(pointsOf(reversible, 'undo')))(
    'and, on the way back, $at the step "$step", leaves what another undoes',
    async (kill) => {
      const { id, wasKilled } = await wakeKilled(keep, { kill, fail });
      expect(wasKilled).toBe(true);
      expect(await tenants.takeOver()).toEqual([]);
      await expectAsleep(tenants, id);
    },
  );
});
