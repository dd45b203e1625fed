import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { HeavyHitters } from './heavy-hitters.ts';

const capacity = 5;

/** Items of a stream, some far more frequent than others; null stands for a halving. */
const stream = fc.array(
  fc.oneof(
    { weight: 50, arbitrary: fc.nat({ max: 30 }).map((item) => `${(item * item) % 11}`) },
    { weight: 1, arbitrary: fc.constant(null) },
  ),
  {
    maxLength: 400,
    size: 'max',
  },
);

test('what the sketch says of an item is true, and it knows every item that is frequent', () => {
  fc.assert(
    fc.property(stream, (items) => {
      const hitters = new HeavyHitters(capacity);
      const exact = new Map<string, number>();
      for (const item of items) {
        if (item === null) {
          hitters.halve();
          for (const [known, count] of exact) exact.set(known, count / 2);
        } else {
          hitters.add(item);
          exact.set(item, (exact.get(item) ?? 0) + 1);
        }
      }
      const known = hitters.surest();
      expect(hitters.size).toBe(Math.min(capacity, exact.size));
      const unknown = [...exact].filter(([item]) => known.every((hitter) => hitter.item !== item));
      const least = Math.min(...known.map(({ count }) => count));
      for (const { item, count, error } of known) {
        expect(count - error).toBeLessThanOrEqual(exact.get(item) ?? 0);
        expect(count).toBeGreaterThanOrEqual(exact.get(item) ?? 0);
      }
      for (const [, count] of unknown) expect(count).toBeLessThanOrEqual(items.includes(null) ? least : items.length / capacity);
    }),
    { numRuns: 300 },
  );
});

test('the surest come first', () => {
  const hitters = new HeavyHitters(2);
  for (const item of ['often', 'often', 'often', 'once', 'late']) hitters.add(item);
  expect(hitters.surest()).toEqual([
    { item: 'often', count: 3, error: 0 },
    { item: 'late', count: 2, error: 1 },
  ]);
});

test('an item can be replaced by another of which more is known', () => {
  const hitters = new HeavyHitters(2);
  for (const item of ['often', 'often', 'once']) hitters.add(item);
  hitters.replace('often', 'known', 7);
  expect(hitters.surest()).toEqual([
    { item: 'known', count: 7, error: 0 },
    { item: 'once', count: 1, error: 0 },
  ]);
});

test('an item that was replaced is not replaced again', () => {
  const hitters = new HeavyHitters(3);
  for (const item of ['a', 'b', 'c', 'd']) hitters.add(item);
  hitters.replace('b', 'known', 7);
  for (const item of ['e', 'f', 'g']) hitters.add(item);
  expect(hitters.size).toBe(3);
  expect(hitters.surest()[0]).toEqual({ item: 'known', count: 7, error: 0 });
});
