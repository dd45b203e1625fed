import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fairShare, leaseMs, leave, settlingMs, startingShare, takeTurn, type Claims, type Pulse } from './claims.ts';

/** Turns of processes one after another, and what they come to. */
class Register {
  claims: Claims;
  pulse: Pulse = { now: 1_000_000, since: 0, heardAt: {} };

  constructor(areComplete = true) {
    this.claims = { version: 0, members: [], areComplete };
  }

  turn(id: string, held: number | null, total = 10) {
    this.hear(id);
    const turn = takeTurn(this.claims, this.pulse, { id, held, total });
    if (turn.effect !== 'none') this.claims = turn.claims;
    return turn;
  }

  leave(id: string): void {
    this.claims = leave(this.claims, id).claims;
    const { [id]: _gone, ...heardAt } = this.pulse.heardAt;
    this.pulse = { ...this.pulse, heardAt };
  }

  hear(id: string): void {
    this.pulse = { ...this.pulse, heardAt: { ...this.pulse.heardAt, [id]: this.pulse.now } };
  }

  /** Lets time pass at once. */
  pass(ms: number): void {
    this.pulse = { ...this.pulse, now: this.pulse.now + ms };
  }

  /** From now on, what there was before says nothing. */
  beginAnew(): void {
    this.pulse = { ...this.pulse, since: this.pulse.now };
  }

  get claimed(): Record<string, number> {
    return Object.fromEntries(this.claims.members.map(({ id, claim }) => [id, claim]));
  }
}

describe('a fair share', () => {
  test('is a whole number, the same for all to within one, never none while there is one for each, and all of it is given', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 80 }), (total, members) => {
        const shares = Array.from({ length: members }, (_, rank) => fairShare(total, members, rank));
        expect(shares.reduce((sum, share) => sum + share)).toBe(total);
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
        expect(Math.min(...shares)).toBeGreaterThanOrEqual(Math.min(1, Math.floor(total / members)));
      }),
    );
  });

  test('goes to the same members whatever the order of their turns', () => {
    const orders = [
      ['a', 'b', 'c'],
      ['c', 'a', 'b'],
      ['b', 'c', 'a'],
    ];
    for (const order of orders) {
      const register = new Register();
      for (const id of order) register.turn(id, 0);
      // Nobody holds anything yet, so every claim can come down.
      for (const id of [...order, ...order]) register.turn(id, 0);
      expect(register.claimed).toEqual({ a: 4, b: 3, c: 3 });
    }
  });
});

describe('a turn', () => {
  test('gives the first process everything, and the next one what the first says that it no longer holds', () => {
    const register = new Register();
    expect(register.turn('a', 0)).toMatchObject({ share: 10, effect: 'news' });
    expect(register.turn('b', 0)).toMatchObject({ share: 0, effect: 'news' });
    expect(register.turn('a', 10)).toMatchObject({ share: 5, claim: 10 });
    expect(register.turn('b', 0)).toMatchObject({ share: 0 });
    expect(register.turn('a', 7)).toMatchObject({ share: 5, claim: 7, effect: 'news' });
    expect(register.turn('b', 0)).toMatchObject({ share: 3, effect: 'quiet' });
    register.turn('a', 5);
    expect(register.turn('b', 3)).toMatchObject({ share: 5 });
  });

  test('needs not be stored when it changes nothing', () => {
    const register = new Register();
    register.turn('a', 0);
    expect(register.turn('a', 10)).toMatchObject({ share: 10, effect: 'none' });
  });

  test('divides the smallest of the totals', () => {
    const register = new Register();
    register.turn('a', 0, 10);
    expect(register.turn('b', 0, 4)).toMatchObject({ share: 0, total: 4 });
    expect(register.turn('a', 10, 10)).toMatchObject({ share: 2, total: 4 });
    register.turn('a', 2, 10);
    expect(register.turn('b', 0, 4)).toMatchObject({ share: 2 });
    register.leave('b');
    expect(register.turn('a', 2, 10)).toMatchObject({ share: 10, total: 10 });
  });

  test('drops who has not been heard of for the length of a lease, and no earlier', () => {
    const register = new Register();
    register.turn('dead', 0);
    register.pass(leaseMs);
    expect(register.turn('alive', 0)).toMatchObject({ share: 0 });
    register.pass(1);
    expect(register.turn('alive', 0)).toMatchObject({ share: 10, effect: 'news' });
  });

  test('gives nobody more while there is somebody who has not said yet what they hold', () => {
    const register = new Register();
    register.hear('stranger');
    expect(register.turn('a', 2)).toMatchObject({ share: 2, claim: 2 });
    expect(register.turn('stranger', 8)).toMatchObject({ share: 5, claim: 8 });
    expect(register.turn('a', 2)).toMatchObject({ share: 2, claim: 2 });
  });

  test('lets a process that was dropped though it lives claim what it holds, and brings all down to what is fair', () => {
    const register = new Register();
    register.turn('a', 10);
    expect(register.turn('late', 10)).toMatchObject({ share: 5, claim: 10, effect: 'news' });
    expect(register.turn('a', 10)).toMatchObject({ share: 5, claim: 10 });
    register.turn('a', 5);
    expect(register.turn('late', 5)).toMatchObject({ share: 5, claim: 5 });
  });

  test('drops nobody and gives nobody more, for a while, after nobody was heard of', () => {
    const register = new Register();
    const turns = [
      ['a', 0],
      ['b', 0],
      ['a', 5],
      ['b', 0],
    ] as const;
    for (const [id, held] of turns) register.turn(id, held);
    register.pass(leaseMs + 1);
    register.beginAnew();
    expect(register.turn('new', null)).toMatchObject({ share: 0 });
    expect(register.turn('a', 5)).toMatchObject({ share: 4, claim: 5 });
    register.pass(settlingMs - 1);
    expect(register.turn('a', 3)).toMatchObject({ share: 3 });
    expect(register.claimed).toEqual({ a: 3, b: 5, new: 0 });
    register.pass(1);
    expect(register.turn('a', 3)).toMatchObject({ share: 5 });
    expect(register.claimed).toEqual({ a: 5, new: 0 });
  });

  test('gives nobody more, for a while, where the register may have forgotten who there is', () => {
    const register = new Register(false);
    register.beginAnew();
    expect(register.turn('new', null, 100)).toMatchObject({ share: startingShare(100) });
    expect(register.turn('new', startingShare(100), 100)).toMatchObject({ share: startingShare(100) });
    expect(register.turn('old', 90, 100)).toMatchObject({ share: 50, claim: 90 });
    register.pass(settlingMs);
    register.turn('old', 50, 100);
    expect(register.turn('new', startingShare(100), 100)).toMatchObject({ share: 50 });
  });

  test('drops the dead though the register’s clock was set back', () => {
    const register = new Register();
    register.turn('dead', 0);
    register.pass(-3_600_000);
    register.beginAnew();
    register.turn('alive', 0);
    register.pass(settlingMs);
    register.turn('alive', 0);
    expect(register.claimed).toEqual({ alive: 10 });
  });
});
