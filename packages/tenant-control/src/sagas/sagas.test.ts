import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '@tenantry/service';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { openControlClient, type ControlClient } from '../control-client.ts';
import { openInstallation, operator, type Installation } from '../testing/installation.ts';
import type { ClaimedSaga } from './claimed-saga.ts';
import { SagaError, SagaLeftError, SagaLostError } from './errors.ts';
import type { SagaDefinition, SagaStep } from './saga.ts';
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

// What one test leaves undone is nothing for the next one to find.
afterEach(async () => void (await installation.query(`UPDATE sagas SET state = 'FAILED' WHERE state IN ('RUNNING', 'UNDOING')`)));

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

interface WorldOptions extends Partial<Pick<SagaDefinition<Context>, 'pointOfNoReturn' | 'action' | 'inTurn'>> {
  readonly leaseMs?: number;
  readonly names?: readonly string[];
  /** What opening a saga fails with. */
  readonly unfit?: Error;
}

function openWorld({ leaseMs, unfit, names = ['one', 'two', 'three'], ...definition }: WorldOptions = {}): World {
  const deeds: string[] = [];
  const world: World = { sagas: new Sagas({ db: control.db, logger: silentLogger, leaseMs }), deeds, act: async () => {} };
  const act = async (deed: string, context: Context) => {
    deeds.push(deed);
    await world.act(deed, context);
  };
  const steps = names.map((name): SagaStep<Context> => ({
    name,
    run: async (context) => await act(name, context),
    undo: async (context) => await act(`undo ${name}`, context),
  }));
  world.sagas.define<Context>({
    kind: 'MOVE',
    steps: () => steps,
    ...definition,
    open: async (saga) => {
      if (unfit) throw unfit;
      return { saga, [Symbol.asyncDispose]: async () => {} };
    },
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

/** As when the time has come to try it again. */
async function due(id: string): Promise<void> {
  await installation.query('UPDATE sagas SET retry_at = now() WHERE id = $1', [id]);
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
  await due(saga.id);
  world.act = async () => {};
  expect(await world.sagas.resume(saga.id)).toBe(true);
  const { issuer, subject, requestId } = saga.actor;
  expect(
    await installation.query('SELECT action, issuer, subject, request_id, outcome, detail FROM audit_log WHERE tenant_id = $1', [
      saga.tenantId,
    ]),
  ).toEqual([{ action: 'tenant.move', issuer, subject, request_id: requestId, outcome: 'FAILED', detail: { step: 'two' } }]);
});

test('that a saga failed and is tried again is on record once, under the name that the change has', async () => {
  const world = openWorld({ pointOfNoReturn: 'one', action: () => 'backup.restore' });
  world.act = failing('two');
  const saga = await begin(world);
  await expect(world.sagas.run(saga)).rejects.toMatchObject({ outcome: 'deferred' });
  await due(saga.id);
  await expect(world.sagas.resume(saga.id)).rejects.toMatchObject({ outcome: 'deferred' });
  expect(await installation.query('SELECT action, outcome, detail FROM audit_log WHERE tenant_id = $1', [saga.tenantId])).toEqual([
    { action: 'backup.restore', outcome: 'FAILED', detail: { step: 'two' } },
  ]);
});

test('a failure that Postgres could not store as it is told is undone like any other', async () => {
  const world = openWorld();
  world.act = async (deed) => {
    if (deed === 'two') throw new Error('a file name with \0 in it');
  };
  const saga = await begin(world);
  await expect(world.sagas.run(saga)).rejects.toMatchObject({ outcome: 'undone' });
  expect(await stateOf(saga.id)).toMatchObject({ state: 'UNDONE', error: 'a file name with  in it' });
});

test('what cannot be undone yet is tried again later, from where it stopped', async () => {
  const world = openWorld();
  world.act = failing('three', 'undo two');
  const saga = await begin(world);
  await expect(world.sagas.run(saga)).rejects.toMatchObject({ step: 'three', outcome: 'stuck' });
  expect(await world.sagas.resume(saga.id)).toBe(false);
  await due(saga.id);
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
  await due(saga.id);
  world.act = async () => {};
  world.deeds.length = 0;
  expect(await world.sagas.resume(saga.id)).toBe(true);
  expect(world.deeds).toEqual(['two', 'three']);
  expect(await stateOf(saga.id)).toMatchObject({ state: 'DONE', steps: ['one DONE', 'two DONE', 'three DONE'] });
});

describe('a version with other steps', () => {
  test('runs those that were put between, though later ones are done', async () => {
    const before = openWorld({ pointOfNoReturn: 'one' });
    before.act = failing('three');
    const saga = await begin(before);
    await expect(before.sagas.run(saga)).rejects.toMatchObject({ outcome: 'deferred' });
    await due(saga.id);
    const after = openWorld({ pointOfNoReturn: 'one', names: ['one', 'between', 'two', 'three', 'last'] });
    expect(await after.sagas.resume(saga.id)).toBe(true);
    expect(after.deeds).toEqual(['between', 'three', 'last']);
    expect(await stateOf(saga.id)).toMatchObject({
      state: 'DONE',
      steps: ['one DONE', 'two DONE', 'three DONE', 'between DONE', 'last DONE'],
    });
  });

  test('does not turn back for one of those, where nothing led back any more', async () => {
    const before = openWorld({ pointOfNoReturn: 'two' });
    before.act = failing('three');
    const saga = await begin(before);
    await expect(before.sagas.run(saga)).rejects.toMatchObject({ outcome: 'deferred' });
    await due(saga.id);
    const after = openWorld({ pointOfNoReturn: 'two', names: ['one', 'between', 'two', 'three'] });
    after.act = failing('between');
    await expect(after.sagas.resume(saga.id)).rejects.toMatchObject({ step: 'between', outcome: 'deferred' });
  });

  test('undoes what was begun, and nothing else', async () => {
    const before = openWorld();
    before.act = failing('two', 'undo two');
    const saga = await begin(before);
    await expect(before.sagas.run(saga)).rejects.toMatchObject({ outcome: 'stuck' });
    await due(saga.id);
    const after = openWorld({ names: ['zero', 'one', 'between', 'two', 'three'] });
    expect(await after.sagas.resume(saga.id)).toBe(true);
    expect(after.deeds).toEqual(['undo two', 'undo one']);
  });
});

describe('a saga is left to another process', () => {
  test('at once by one that cannot run it, which does not look at it again so soon', async () => {
    const unfit = openWorld({ unfit: new Error('this process has no store') });
    const able = openWorld();
    const saga = await begin(able);
    saga[Symbol.dispose]();
    await expire(saga.id);
    expect(await unfit.sagas.resumeAll()).toBe(1);
    expect(await unfit.sagas.resumeAll()).toBe(0);
    expect(await able.sagas.resumeAll()).toBe(1);
    expect(await stateOf(saga.id)).toMatchObject({ state: 'DONE', error: null });
  });

  test('by a step in a process that is stopping, and has not failed by that', async () => {
    const world = openWorld();
    const saga = await begin(world);
    world.act = async (deed) => {
      if (deed === 'two') throw new SagaLeftError(saga.id);
    };
    await expect(world.sagas.run(saga)).rejects.toBeInstanceOf(SagaLeftError);
    expect(await installation.query('SELECT FROM audit_log WHERE tenant_id = $1', [saga.tenantId])).toEqual([]);
    world.act = async () => {};
    expect(await world.sagas.resumeAll()).toBe(1);
    expect(world.deeds).toEqual(['one', 'two', 'two', 'three']);
    expect(await stateOf(saga.id)).toMatchObject({ state: 'DONE', error: null });
  });
});

test('a sign of life that comes after a saga was left gives no lease', async () => {
  const world = openWorld({ leaseMs: 30, pointOfNoReturn: 'one' });
  world.act = failing('one');
  const saga = await begin(world);
  await expect(world.sagas.run(saga)).rejects.toMatchObject({ outcome: 'deferred' });
  // As if it had been under way then.
  await saga.extend(30);
  expect(await installation.query('SELECT leased_until FROM sagas WHERE id = $1', [saga.id])).toEqual([{ leased_until: null }]);
});

test('one that takes long keeps nobody from the others', async () => {
  const world = openWorld();
  const { promise: pause, resolve: goOn } = Promise.withResolvers<void>();
  const [long, short] = [await begin(world), await begin(world)];
  world.act = async (_deed, { saga }) => {
    if (saga.id === long.id) await pause;
  };
  long[Symbol.dispose]();
  short[Symbol.dispose]();
  await expire(long.id);
  const housekeeping = world.sagas.keepResuming(10);
  await expect.poll(() => world.deeds).toEqual(['one']);
  await expire(short.id);
  await expect.poll(async () => await stateOf(short.id)).toMatchObject({ state: 'DONE' });
  goOn();
  await housekeeping[Symbol.asyncDispose]();
  expect(await stateOf(long.id)).toMatchObject({ state: 'DONE' });
});

test('those that are taken up wait for their turn', async () => {
  const turns: string[] = [];
  const { promise: turn, resolve: comes } = Promise.withResolvers<void>();
  const world = openWorld({
    inTurn: async (tenantId, work) => {
      turns.push(tenantId);
      await turn;
      return await work();
    },
  });
  const saga = await begin(world);
  saga[Symbol.dispose]();
  await expire(saga.id);
  const resumed = world.sagas.resumeAll();
  await expect.poll(() => turns).toEqual([saga.tenantId]);
  expect(world.deeds).toEqual([]);
  comes();
  expect(await resumed).toBe(1);
  expect(world.deeds).toEqual(['one', 'two', 'three']);
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
    const failure = { action: 'tenant.move', step: 'one', error: 'by the dead' };
    for (const write of [
      async () => await saga.report({ position: 0, name: 'one', state: 'FAILED' }),
      async () => await saga.remember({ written: true }),
      async () => await saga.turnBack(failure),
      async () => await saga.finish('DONE'),
      async () => await saga.defer(failure, 0),
      async () => await saga.release(),
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
