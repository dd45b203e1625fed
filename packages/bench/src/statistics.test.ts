import { describe, expect, test } from 'vitest';
import { geometricMean, median, medianOfMeasured, quantile, slope } from './statistics.ts';

describe('a quantile', () => {
  test('does not depend on the order, and leaves the values as they are', () => {
    const values = [9, 1, 5];
    expect(median(values)).toBe(5);
    expect(values).toEqual([9, 1, 5]);
  });

  test('lies between two neighbours when it falls between them', () => {
    expect(median([1, 2, 3, 10])).toBe(2.5);
    expect(quantile([0, 10], 0.95)).toBeCloseTo(9.5);
  });

  test('leaves out what could not be measured', () => {
    expect(medianOfMeasured([null, 3, 1])).toBe(2);
    expect(medianOfMeasured([null])).toBeNull();
  });

  test('of nothing is refused', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('a geometric mean', () => {
  test('of factors is the one factor that has the same effect', () => {
    expect(geometricMean([2, 8])).toBeCloseTo(4);
    expect(geometricMean([0.5, 2])).toBeCloseTo(1);
  });

  test('of nothing is refused', () => {
    expect(() => geometricMean([])).toThrow(RangeError);
  });
});

describe('a slope', () => {
  test('is that of the line through the points', () => {
    expect(slope([0, 1, 2, 3].map((x) => ({ x, y: 7 - 2 * x })))).toBeCloseTo(-2);
  });

  test('is 0 for one point', () => {
    expect(slope([{ x: 1, y: 1 }])).toBe(0);
  });
});
