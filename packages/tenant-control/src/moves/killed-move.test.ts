import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { pointsOf, type Fate } from '../life/testing/doomed-tenants.ts';
import { meetDoom, someOf, type DoomedCall, type SagaPoint } from '../testing/doom.ts';
import { operator } from '../testing/installation.ts';
import { moveSteps } from './move-saga.ts';
import { openTwoClusters, type TwoClusters } from './testing/two-clusters.ts';

let servers: TwoClusters;
beforeAll(async () => void (servers = await openTwoClusters(inject('postgresUrl'), { moves: { drainMs: 500 } })));
afterAll(async () => await servers?.[Symbol.asyncDispose]());

/** @returns false when the process ended before it got there */
async function kill(call: DoomedCall, fate: Fate): Promise<boolean> {
  const { controlDatabaseUrl, keyRing } = servers.installation;
  return await meetDoom({
    controlDatabaseUrl,
    clusters: servers.clusters.map(({ name, adminUrl }) => ({ name, adminUrl })),
    keys: [...keyRing].map(([key, bytes]) => [key, bytes.toString('base64')]),
    call,
    fail: null,
    afterMs: null,
    ...fate,
  });
}

/** What another process does once nothing has been heard of the first one for long enough. */
async function takeOver(): Promise<void> {
  const { installation } = servers;
  await installation.query("UPDATE sagas SET leased_until = now() - interval '1 s' WHERE leased_until IS NOT NULL");
  await installation.control.resumeSagas();
  expect(await installation.query(`SELECT kind, state, error FROM sagas WHERE state IN ('RUNNING', 'UNDOING')`)).toEqual([]);
}

/** The tenant is served there with all that it had, can write, and has nothing anywhere else. */
async function expectOnly(id: string, cluster: 'standard' | 'premium'): Promise<void> {
  const { catalog, control } = servers.installation;
  expect(await catalog.findTenants([id])).toMatchObject([{ clusterName: cluster, status: 'ACTIVE' }]);
  expect(await servers.query(id, 'SELECT locale, (SELECT count(*)::int FROM users) AS users FROM tenant_settings')).toEqual([
    { locale: 'de-CH', users: 10 },
  ]);
  await servers.query(id, `UPDATE tenant_settings SET time_zone = 'Europe/Zurich'`);
  expect(await servers.remains(id)).toEqual([]);
  const diagnoses = await control.examine();
  expect(diagnoses.filter(({ tenantId }) => tenantId === id)).toEqual([]);
}

const move = (id: string, way: 'replication' | 'dump', confirm: boolean): DoomedCall => {
  return { method: 'moveTenant', id, actor: operator, input: { cluster: 'premium', way, confirm } };
};

const namesOf = (way: 'REPLICATION' | 'DUMP', deed: 'MOVE' | 'REVERT' = 'MOVE') => {
  return moveSteps({ deed, way, dropsOld: true }).map(({ name }) => name);
};

/** Steps that have parts, and the directions in which they do. */
const parts: Readonly<Record<string, readonly SagaPoint['direction'][]>> = {
  'old copy': ['run'],
  role: ['run'],
  database: ['run'],
  publication: ['run', 'undo'],
  subscription: ['run', 'undo'],
  replication: ['run'],
  pause: ['run'],
  transfer: ['run'],
  switch: ['run'],
  closing: ['run'],
  'old database': ['run'],
};

function allPoints(steps: readonly string[], direction: SagaPoint['direction']): SagaPoint[] {
  const during = steps.filter((step) => parts[step]?.includes(direction)).map((step): SagaPoint => ({ step, direction, at: 'during' }));
  return [...pointsOf(steps, direction), ...during];
}

describe.each([
  ['replication', 'REPLICATION', 2],
  ['dump', 'DUMP', 1],
] as const)('a process that is killed while it moves a tenant by %s', (way, planned, most) => {
  const steps = namesOf(planned);
  const beyondReturn = steps.indexOf('switch');

  test.each(someOf(allPoints(steps, 'run'), most))('$at the step "$step" leaves a move that another finishes', async (point) => {
    const id = await servers.provision();
    expect(await kill(move(id, way, true), { kill: point })).toBe(true);
    await takeOver();
    await expectOnly(id, 'premium');
  });

  test.each(someOf(allPoints(steps.slice(0, beyondReturn), 'undo'), 1))(
    'on its way back, $at the step "$step", leaves a move that another undoes',
    async (point) => {
      const id = await servers.provision();
      const fail: SagaPoint = { step: 'verification', direction: 'run', at: 'after' };
      expect(await kill(move(id, way, true), { kill: point, fail })).toBe(true);
      await takeOver();
      await expectOnly(id, 'standard');
    },
  );
});

test.each(someOf(namesOf('REPLICATION'), 1))(
  'a process that is killed in the middle of whatever the step "%s" of a move does leaves what another finishes',
  async (step) => {
    const id = await servers.provision();
    const fate: Fate = { kill: { step, direction: 'run', at: 'before' }, afterMs: Math.floor(Math.random() * 150) };
    expect(await kill(move(id, 'replication', true), fate)).toBeTypeOf('boolean');
    await takeOver();
    await expectOnly(id, 'premium');
  },
);

describe('a process that is killed while it reverts a move', () => {
  test.each(someOf(allPoints(namesOf('DUMP', 'REVERT'), 'run'), 1))('$at the step "$step" leaves what another finishes', async (point) => {
    const id = await servers.provision();
    await servers.installation.control.moveTenant(id, { cluster: 'premium', way: 'dump' }, operator);
    await servers.query(id, `UPDATE users SET name = 'Somebody'`);
    expect(await kill({ method: 'revertMove', id, actor: operator }, { kill: point })).toBe(true);
    await takeOver();
    await expectOnly(id, 'standard');
    expect(await servers.query(id, 'SELECT DISTINCT name FROM users')).toEqual([{ name: 'Somebody' }]);
  });
});

describe('a process that is killed while it confirms a move', () => {
  test.each(someOf(allPoints(['old database'], 'run'), 1))('$at the step "$step" leaves what another finishes', async (point) => {
    const id = await servers.provision();
    await servers.installation.control.moveTenant(id, { cluster: 'premium', way: 'dump' }, operator);
    expect(await kill({ method: 'confirmMove', id, actor: operator }, { kill: point })).toBe(true);
    await takeOver();
    await expectOnly(id, 'premium');
  });
});
