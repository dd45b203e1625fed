import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '@tenantry/service';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openControlClient, type ControlClient } from '../control-client.ts';
import { openInstallation, operator, type Installation } from '../testing/installation.ts';
import type { ClaimedSaga } from './claimed-saga.ts';
import { SagaError, SagaLostError } from './errors.ts';
import type { SagaStep } from './saga.ts';
import { Sagas } from './sagas.ts';

let installation: Installation;
let control: ControlClient;

beforeAll(async () => {
  installation = await openInstallation({ serverUrl: inject('postgresUrl') });
  control = openControlClient({ url: installation.controlDatabaseUrl, applicationName: 'test', logger: silentLogger });
});
afterAll(async () => {
  await control?.[Symbol.asyncDispose]();
  await installation?.[Symbol.asyncDispose]();
});

interface Context extends AsyncDisposable {
  readonly saga: ClaimedSaga;
}

interface World {
  readonly sagas: Sagas;
  /** What was done, in order. */
  readonly deeds: string[];
  /** Set by a test: what a deed does. */
  act: (deed: string, context: Context) => Promise<void>;
}

function openWorld({ leaseMs, pointOfNoReturn }: { leaseMs?: number; pointOfNoReturn?: string } = {}): World {
  const deeds: string[] = [];
  const world: World = { sagas: new Sagas({ db: control.db, logger: silentLogger, leaseMs }), deeds, act: async () => {} };
  const act = async (deed: string, context: Context) => {
    deeds.push(deed);
    await world.act(deed, context);
  };
  const steps = ['one', 'two', 'three'].map((name): SagaStep<Context> => ({
    name,
    run: async (context) => await act(name, context),
    undo: async (context) => await act(`undo ${name}`, context),
  }));
  world.sagas.define<Context>({
    kind: 'MOVE',
    steps: () => steps,
    ...(pointOfNoReturn !== undefined && { pointOfNoReturn }),
    open: async (saga) => ({ saga, [Symbol.asyncDispose]: async () => {} }),
  });
  return world;
}

async function begin({ sagas }: World): Promise<ClaimedSaga> {
  const request = { id: randomUUID(), kind: 'MOVE', tenantId: randomUUID(), input: { to: 'premium' }, actor: operator } as const;
  return await sagas.begin(async () => request);
}

async function stateOf(id: string): Promise<unknown> {
  const [saga] = await installation.query<{ state: string; error: string | null }>('SELECT state, error FROM sagas WHERE id = $1', [id]);
  const steps = await installation.query<{ name: string; state: string }>(
    'SELECT name, state FROM saga_steps WHERE saga_id = $1 ORDER BY position',
    [id],
  );
  return { ...saga, steps: steps.map(({ name, state }) => `${name} ${state}`) };
}

/** As when nothing was heard of its runner for long enough. */
async function expire(id: string): Promise<void> {
  await installation.query(`UPDATE sagas SET leased_until = now() - interval '1 s' WHERE id = $1`, [id]);
}

function failing(...deeds: string[]): World['act'] {
  return async (deed) => {
    if (deeds.includes(deed)) throw new Error(`${deed} failed`);
  };
}

test('steps are run in their order, and their times and states kept', async () => {
  const world = openWorld();
  const saga = await begin(world);
  await world.sagas.run(saga);
  expect(world.deeds).toEqual(['one', 'two', 'three']);
  expect(await stateOf(saga.id)).toEqual({ state: 'DONE', error: null, steps: ['one DONE', 'two DONE', 'three DONE'] });
  expect(await world.sagas.resume(saga.id)).toBe(false);
});

test('what fails is undone in the reverse order, itself first', async () => {
  const world = openWorld();
  world.act = failing('two');
  const saga = await begin(world);
  const failure = await world.sagas.run(saga).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(SagaError);
  expect(failure).toMatchObject({ step: 'two', outcome: 'undone', cause: { message: 'two failed' } });
  expect(world.deeds).toEqual(['one', 'two', 'undo two', 'undo one']);
  expect(await stateOf(saga.id)).toEqual({ state: 'UNDONE', error: 'two failed', steps: ['one UNDONE', 'two UNDONE'] });
});

test('that a saga failed is on record once, whoever undoes it in the end', async () => {
  const world = openWorld();
  world.act = failing('two', 'undo one');
  const saga = await begin(world);
  await expect(world.sagas.run(saga)).rejects.toMatchObject({ outcome: 'stuck' });
  await installation.query('UPDATE sagas SET retry_at = now() WHERE id = $1', [saga.id]);
  world.act = async () => {};
  expect(await world.sagas.resume(saga.id)).toBe(true);
  const { issuer, subject, requestId } = saga.actor;
  expect(
    await installation.query('SELECT action, issuer, subject, request_id, outcome, detail FROM audit_log WHERE tenant_id = $1', [
      saga.tenantId,
    ]),
  ).toEqual([{ action: 'tenant.move', issuer, subject, request_id: requestId, outcome: 'FAILED', detail: { step: 'two' } }]);
});

test('what cannot be undone yet is tried again later, from where it stopped', async () => {
  const world = openWorld();
  world.act = failing('three', 'undo two');
  const saga = await begin(world);
  await expect(world.sagas.run(saga)).rejects.toMatchObject({ step: 'three', outcome: 'stuck' });
  expect(await world.sagas.resume(saga.id)).toBe(false);
  await installation.query('UPDATE sagas SET retry_at = now() WHERE id = $1', [saga.id]);
  world.act = async () => {};
  world.deeds.length = 0;
  expect(await world.sagas.resume(saga.id)).toBe(true);
  expect(world.deeds).toEqual(['undo two', 'undo one']);
  expect(await stateOf(saga.id)).toMatchObject({ state: 'UNDONE', error: 'three failed' });
});

test('from the point of no return on, a step that fails is tried again until it succeeds', async () => {
  const world = openWorld({ pointOfNoReturn: 'two' });
  world.act = failing('two');
  const saga = await begin(world);
  await expect(world.sagas.run(saga)).rejects.toMatchObject({ step: 'two', outcome: 'deferred' });
  expect(await stateOf(saga.id)).toMatchObject({ state: 'RUNNING', error: 'two failed', steps: ['one DONE', 'two FAILED'] });
  await installation.query('UPDATE sagas SET retry_at = now() WHERE id = $1', [saga.id]);
  world.act = async () => {};
  world.deeds.length = 0;
  expect(await world.sagas.resume(saga.id)).toBe(true);
  expect(world.deeds).toEqual(['two', 'three']);
  expect(await stateOf(saga.id)).toMatchObject({ state: 'DONE', steps: ['one DONE', 'two DONE', 'three DONE'] });
});

test('what a step remembers is known to whoever takes over', async () => {
  const world = openWorld();
  let heard: unknown;
  const { promise: reached, resolve: onReached } = Promise.withResolvers<void>();
  world.act = async (deed, { saga }) => {
    if (deed === 'one') await saga.remember({ position: 7 });
    if (deed !== 'two') return;
    onReached();
    await new Promise(() => {});
  };
  const saga = await begin(world);
  void world.sagas.run(saga);
  await reached;
  await expire(saga.id);
  world.act = async (_deed, context) => void (heard = context.saga.data);
  await world.sagas.resume(saga.id);
  expect(heard).toEqual({ position: 7 });
});

describe('of several that want to run the same saga', () => {
  test('one does', async () => {
    const world = openWorld();
    const saga = await begin(world);
    saga[Symbol.dispose]();
    await expire(saga.id);
    const resumed = await Promise.all(Array.from({ length: 8 }, async () => await world.sagas.resume(saga.id)));
    expect(resumed.filter(Boolean)).toHaveLength(1);
    expect(world.deeds).toEqual(['one', 'two', 'three']);
  });

  test('none does while the first one says that it is alive', async () => {
    const world = openWorld({ leaseMs: 300 });
    world.act = async (deed) => {
      if (deed === 'two') await sleep(900);
    };
    const saga = await begin(world);
    const running = world.sagas.run(saga);
    for (let looks = 0; looks < 8; looks += 1) {
      expect(await world.sagas.resume(saga.id)).toBe(false);
      await sleep(100);
    }
    await running;
    expect(world.deeds).toEqual(['one', 'two', 'three']);
  });

  test('one that was taken for dead may write nothing any more, nor go on', async () => {
    const world = openWorld();
    const { promise: pause, resolve: goOn } = Promise.withResolvers<void>();
    const { promise: reached, resolve: onReached } = Promise.withResolvers<void>();
    let isFirst = true;
    world.act = async (deed, { saga }) => {
      if (deed !== 'two' || !isFirst) return;
      isFirst = false;
      onReached();
      await pause;
      await saga.commit(async (tx) => await tx.saga.update({ where: { id: saga.id }, data: { error: 'written by the dead' } }));
    };
    const saga = await begin(world);
    const dead = world.sagas.run(saga);
    await reached;
    await expire(saga.id);
    expect(await world.sagas.resume(saga.id)).toBe(true);
    goOn();
    await expect(dead).rejects.toBeInstanceOf(SagaLostError);
    for (const write of [
      async () => await saga.report({ position: 0, name: 'one', state: 'FAILED' }),
      async () => await saga.remember({ written: true }),
      async () => await saga.turnBack('one', 'by the dead'),
      async () => await saga.finish('FAILED'),
      async () => await saga.defer(0, 'by the dead'),
      async () => await saga.assertHeld(),
    ]) {
      await expect(write()).rejects.toBeInstanceOf(SagaLostError);
    }
    expect(saga.signal.aborted).toBe(true);
    expect(world.deeds).toEqual(['one', 'two', 'two', 'three']);
    expect(await stateOf(saga.id)).toMatchObject({ state: 'DONE', error: null });
  });
});

test('all that was left is taken up, except what this version does not know', async () => {
  const world = openWorld();
  const left = await Promise.all([begin(world), begin(world)]);
  for (const saga of left) {
    saga[Symbol.dispose]();
    await expire(saga.id);
  }
  expect(await new Sagas({ db: control.db, logger: silentLogger }).resumeAll()).toBe(0);
  expect(await world.sagas.resumeAll()).toBe(2);
  for (const { id } of left) expect(await stateOf(id)).toMatchObject({ state: 'DONE' });
});
