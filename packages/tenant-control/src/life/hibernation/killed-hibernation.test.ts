import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { someOf } from '../../testing/doom.ts';
import { operator } from '../../testing/installation.ts';
import { openDoomedTenants, pointsOf, soonAfter, type DoomedTenants, type Fate } from '../testing/doomed-tenants.ts';
import { expectAsleep, expectAwake, keeps, namesOf, type Keep } from '../testing/sleepers.ts';
import { closingSteps, droppingSteps } from './hibernation-saga.ts';

let tenants: DoomedTenants;

beforeAll(async () => void (tenants = await openDoomedTenants(inject('postgresUrl'))));
afterAll(async () => await tenants?.[Symbol.asyncDispose]());

async function hibernateKilled(keep: Keep, fate: Fate): Promise<{ id: string; wasKilled: boolean }> {
  const id = await tenants.provision();
  return { id, wasKilled: await tenants.kill({ method: 'hibernateTenant', id, actor: operator, options: { keep } }, fate) };
}

const stepsOf: Readonly<Record<Keep, string[]>> = { closed: namesOf(closingSteps), dropped: namesOf(droppingSteps) };

describe.each(keeps)('a process that is killed while it puts a tenant to sleep, its database %s,', (keep) => {
  const steps = stepsOf[keep];

  test.each(someOf(pointsOf(steps, 'run')))('$at the step "$step" leaves what another finishes', async (kill) => {
    const { id, wasKilled } = await hibernateKilled(keep, { kill });
    expect(wasKilled).toBe(true);
    expect(await tenants.takeOver()).toEqual([]);
    await expectAsleep(tenants, id);
  });

  test.each(someOf(steps))('in the middle of whatever the step "%s" does leaves what another finishes', async (step) => {
    const { id } = await hibernateKilled(keep, soonAfter(step));
    expect(await tenants.takeOver()).toEqual([]);
    await expectAsleep(tenants, id);
  });

  test.each(someOf(pointsOf(steps, 'undo')))('and, on the way back, $at the step "$step", leaves what another undoes', async (kill) => {
    const fail = { step: steps.at(-1) ?? '', direction: 'run', at: 'after' } as const;
    const { id, wasKilled } = await hibernateKilled(keep, { kill, fail });
    expect(wasKilled).toBe(true);
    expect(await tenants.takeOver()).toEqual([]);
    await expectAwake(tenants, id);
  });
});
