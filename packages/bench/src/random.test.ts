import { describe, expect, test } from 'vitest';
import { seededRandom, zipf } from './random.ts';

const draw = (seed: number) => Array.from({ length: 5 }, seededRandom(seed));

describe('random numbers', () => {
  test('are the same for the same seed, and others for another', () => {
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  test('fill the range from 0 to 1 evenly', () => {
    const numbers = Array.from({ length: 20_000 }, seededRandom(7));
    for (const quarter of [0, 1, 2, 3]) {
      const share = numbers.filter((number) => Math.floor(number * 4) === quarter).length / numbers.length;
      expect(share).toBeCloseTo(0.25, 1);
    }
    expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
  });
});

test('Zipf’s law: the second index comes half as often as the first, the fourth a quarter', () => {
  const next = zipf(1000, 1, seededRandom(3));
  const counts = new Map<number, number>();
  for (let times = 0; times < 100_000; times += 1) {
    const index = next();
    counts.set(index, (counts.get(index) ?? 0) + 1);
  }
  const first = counts.get(0) ?? 0;
  expect((counts.get(1) ?? 0) / first).toBeCloseTo(1 / 2, 1);
  expect((counts.get(3) ?? 0) / first).toBeCloseTo(1 / 4, 1);
  expect(Math.max(...counts.keys())).toBeLessThan(1000);
});
