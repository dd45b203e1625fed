import { silentLogger } from '@tenantry/service';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { createTenantControl, type TenantControl } from '../tenant-control.ts';
import { operator } from '../testing/installation.ts';
import { content, openDoomedTenants, type DoomedTenants } from './testing/doomed-tenants.ts';

const server = inject('postgresUrl');

/** A process that stands still at a step, as one does that is swapped out or stopped, and whose sessions Postgres keeps meanwhile. */
let paused: TenantControl;
let tenants: DoomedTenants;
let step: string;
let reached: PromiseWithResolvers<void>;
let goOn: PromiseWithResolvers<void>;

beforeAll(async () => {
  tenants = await openDoomedTenants(server);
  const { catalog, controlDatabaseUrl, keyRing, bus } = tenants.installation;
  paused = await createTenantControl({
    catalog,
    controlDatabaseUrl,
    clusters: [{ name: 'standard', adminUrl: server }],
    keyRing,
    bus,
    logger: silentLogger,
    keepsHouse: false,
    store: tenants.store,
    reachFaultPoint: async (point) => {
      if (point.step !== step || point.at !== 'before') return;
      reached.resolve();
      await goOn.promise;
    },
  });
});
afterAll(async () => {
  await paused?.[Symbol.asyncDispose]();
  await tenants?.[Symbol.asyncDispose]();
});
beforeEach(() => {
  reached = Promise.withResolvers();
  goOn = Promise.withResolvers();
});

test('what a process that stands still has begun, another finishes; when it goes on, it does no harm', async () => {
  const { control } = tenants.installation;
  const id = await tenants.provision();
  step = 'drop';
  const hibernating = paused.hibernateTenant(id, operator, { keep: 'dropped' });
  await reached.promise;
  expect(await tenants.takeOver()).toEqual([]);
  await control.wakeTenant(id, operator);
  goOn.resolve();
  await hibernating;
  expect(await tenants.content(id)).toEqual(content);
});

test('so is a waking, and who asked for it in the first place has it', async () => {
  const id = await tenants.provision();
  await tenants.installation.control.hibernateTenant(id, operator);
  step = 'verification';
  const waking = paused.wakeTenant(id, operator);
  await reached.promise;
  expect(await tenants.takeOver()).toEqual([]);
  goOn.resolve();
  expect(await waking).toMatchObject({ status: 'ACTIVE' });
  expect(await tenants.content(id)).toEqual(content);
});
