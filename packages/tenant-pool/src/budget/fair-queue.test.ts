import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FairQueue } from './fair-queue.ts';

interface Party {
  readonly weight: number;
}

/** Gives `turns` turns to parties that want another one as soon as they have had one. */
function turnsOf(parties: readonly Party[], turns: number): Map<Party, number> {
  const queue = new FairQueue<Party>();
  const had = new Map(parties.map((party) => [party, 0]));
  for (const party of parties) queue.add(party);
  for (let turn = 0; turn < turns; turn += 1) {
    const next = queue.first();
    if (!next) throw new Error('nobody waits');
    queue.take(next);
    had.set(next, (had.get(next) ?? 0) + 1);
    queue.add(next);
  }
  return had;
}

const weights = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 10 });

describe('a fair queue', () => {
  test('gives turns in proportion to weight, to within one and a half turns of each', () => {
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 500 }), (all, turns) => {
        const parties = all.map((weight) => ({ weight }));
        const total = all.reduce((sum, weight) => sum + weight, 0);
        for (const [{ weight }, had] of turnsOf(parties, turns)) {
          expect(Math.abs(had - (turns * weight) / total)).toBeLessThanOrEqual(parties.length);
        }
      }),
    );
  });

  test('lets equals go in the order in which they came', () => {
    const parties = [1, 2, 3].map(() => ({ weight: 2 }));
    const queue = new FairQueue<Party>();
    for (const party of parties) queue.add(party);
    const order = parties.map(() => {
      const first = queue.first();
      if (first) queue.take(first);
      return first;
    });
    expect(order).toEqual(parties);
    expect(queue.first()).toBeUndefined();
  });

  test('gives nothing for the time in which a party did not wait', () => {
    const [steady, late] = [{ weight: 1 }, { weight: 1 }];
    const queue = new FairQueue<Party>();
    for (let turn = 0; turn < 100; turn += 1) {
      queue.add(steady);
      queue.take(steady);
    }
    queue.add(late);
    queue.add(steady);
    const order = Array.from({ length: 4 }, () => {
      const first = queue.first();
      if (first) queue.take(first);
      if (first) queue.add(first);
      return first === late ? 'late' : 'steady';
    });
    expect(order).toEqual(['late', 'steady', 'late', 'steady']);
  });

  test('lets a party of the least weight have its turn, however many heavier ones keep coming', () => {
    const queue = new FairQueue<Party>();
    const light = { weight: 1 };
    queue.add(light);
    let turns = 0;
    for (let next = queue.first(); next !== light && turns < 100; next = queue.first()) {
      turns += 1;
      if (next) queue.take(next);
      queue.add({ weight: 8 });
    }
    expect(turns).toBeLessThan(100);
  });
});
