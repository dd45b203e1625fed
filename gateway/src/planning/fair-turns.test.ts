import { describe, expect, test } from 'vitest';
import { planningFor } from '../../test/support/plan-callers.ts';
import { PlannerBusyError, PlanningAbandonedError } from '../errors.ts';
import { FairTurns, type FairTurnsOptions } from './fair-turns.ts';

/** Turns whose time is told, and what has had one so far. */
class Harness {
  readonly #turns: FairTurns;
  readonly had: string[] = [];
  #now = 0;
  #current: Disposable | null = null;

  constructor(limits: Partial<FairTurnsOptions> = {}) {
    this.#turns = new FairTurns({ maxWaiting: 1000, maxWaitingPerClient: 1000, now: () => this.#now, ...limits });
  }

  /** @returns what can be done about the operation, and whether it will have its turn */
  ask(operation: string, clients: readonly string[], setbackMs = 0) {
    const { waiters, places } = planningFor(...clients);
    const turn = this.#have(operation, this.#turns.take(waiters, setbackMs));
    return { waiters, turn, leave: () => places.forEach((place) => place[Symbol.dispose]()) };
  }

  async #have(operation: string, turn: Promise<Disposable>): Promise<void> {
    this.#current = await turn;
    this.had.push(operation);
  }

  /** Ends the turn that somebody has, after so many milliseconds. */
  async end(milliseconds: number): Promise<void> {
    await Promise.resolve();
    const current = this.#current;
    if (!current) throw new Error('Nobody has a turn.');
    this.#now += milliseconds;
    this.#current = null;
    current[Symbol.dispose]();
    for (let tick = 0; tick < 5; tick++) await Promise.resolve();
  }

  async endAll(milliseconds = 10): Promise<string[]> {
    await Promise.resolve();
    while (this.#current) await this.end(milliseconds);
    return this.had;
  }
}

describe('the next turn is', () => {
  test('that of who has had the least time, whoever came first', async () => {
    const turns = new Harness();
    for (const operation of ['a1', 'a2', 'a3', 'a4']) void turns.ask(operation, ['a']).turn;
    void turns.ask('b1', ['b']).turn;
    await turns.end(100);
    void turns.ask('c1', ['c']).turn;
    void turns.ask('b2', ['b']).turn;
    expect(await turns.endAll()).toEqual(['a1', 'b1', 'c1', 'b2', 'a2', 'a3', 'a4']);
  });

  test('by time, not by number: one long turn weighs as much as many short ones', async () => {
    const turns = new Harness();
    for (const operation of ['a1', 'a2']) void turns.ask(operation, ['a']).turn;
    for (const operation of ['b1', 'b2', 'b3', 'b4']) void turns.ask(operation, ['b']).turn;
    await turns.end(25);
    expect(await turns.endAll()).toEqual(['a1', 'b1', 'b2', 'b3', 'a2', 'b4']);
  });

  test('not that of who comes all the time, nor of who was away for long: nothing is saved up', async () => {
    const turns = new Harness();
    for (let index = 0; index < 20; index++) void turns.ask(`a${index}`, ['a']).turn;
    for (let index = 0; index < 10; index++) await turns.end(10);
    for (const operation of ['b1', 'b2', 'b3']) void turns.ask(operation, ['b']).turn;
    const had = await turns.endAll();
    expect(had.slice(11, 16)).toEqual(['b1', 'a11', 'b2', 'a12', 'b3']);
  });

  test('the better of the turns of two who wait for the same; both have had half of its time', async () => {
    const turns = new Harness();
    for (const operation of ['a1', 'a2', 'a3']) void turns.ask(operation, ['a']).turn;
    const shared = turns.ask('shared', ['a']);
    await turns.end(10);
    expect(turns.had).toEqual(['a1', 'a2']);
    shared.waiters.join('b');
    void turns.ask('b1', ['b']).turn;
    void turns.ask('c1', ['c']).turn;
    await turns.end(10);
    expect(turns.had).toEqual(['a1', 'a2', 'shared']);
    expect(await turns.endAll()).toEqual(['a1', 'a2', 'shared', 'c1', 'b1', 'a3']);
  });

  test('of what took too long before, after what others have that will be done sooner', async () => {
    const turns = new Harness();
    void turns.ask('a1', ['a']).turn;
    void turns.ask('b: too long', ['b'], 1000).turn;
    for (let index = 0; index < 150; index++) void turns.ask(`a${index + 2}`, ['a']).turn;
    const had = await turns.endAll();
    // It has waited for as long as it would have taken, and no longer.
    expect(had.indexOf('b: too long')).toBe(100);
  });
});

describe('whoever leaves', () => {
  test('gives their place up', async () => {
    const turns = new Harness({ maxWaiting: 1 });
    void turns.ask('a1', ['a']).turn;
    const left = turns.ask('a2', ['a']);
    await expect(turns.ask('b1', ['b']).turn).rejects.toThrow(PlannerBusyError);
    left.leave();
    void turns.ask('b2', ['b']).turn;
    await expect(left.turn).rejects.toThrow(PlanningAbandonedError);
    expect(left.waiters.isClosed).toBe(true);
    expect(await turns.endAll()).toEqual(['a1', 'b2']);
  });

  test('leaves the others their turn, where it would have been without them', async () => {
    const turns = new Harness();
    void turns.ask('a1', ['a']).turn;
    void turns.ask('a2', ['a']).turn;
    const shared = turns.ask('shared', ['a']);
    const better = shared.waiters.join('b');
    better[Symbol.dispose]();
    expect(await turns.endAll()).toEqual(['a1', 'a2', 'shared']);
  });

  test('during their turn has had it', async () => {
    const turns = new Harness();
    const left = turns.ask('a1', ['a']);
    await left.turn;
    left.leave();
    void turns.ask('a2', ['a']).turn;
    void turns.ask('b1', ['b']).turn;
    expect(await turns.endAll()).toEqual(['a1', 'b1', 'a2']);
  });

  test('before there was a turn for them asks for none', async () => {
    const turns = new Harness();
    await expect(turns.ask('nobody', []).turn).rejects.toThrow(PlanningAbandonedError);
    void turns.ask('a1', ['a']).turn;
    expect(await turns.endAll()).toEqual(['a1']);
  });
});

test('a client has so many places, and a place of one is enough for what several wait for', async () => {
  const turns = new Harness({ maxWaitingPerClient: 2 });
  for (const operation of ['a1', 'a2', 'a3']) void turns.ask(operation, ['a']).turn;
  await expect(turns.ask('a4', ['a']).turn).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 1000 });
  void turns.ask('b1', ['a', 'b']).turn;
  expect(await turns.endAll()).toEqual(['a1', 'b1', 'a2', 'a3']);
});
