import { expect, test } from 'vitest';
import { completesAlike } from './differences.ts';
import type { NormalResult } from './normal-result.ts';

const error = (...path: (string | number)[]) => ({ message: 'Invalid.', path, extensions: {} });
const resultWith = (data: unknown, ...valueCompletion: NormalResult['valueCompletion']): NormalResult => ({
  data,
  errors: [],
  valueCompletion,
});

test('different values may be told of beneath the same null', () => {
  const [one, other] = [error('things', 0), error('things', 1, 'name')];
  expect(completesAlike(resultWith({ things: null }, one, other), resultWith({ things: null }, one))).toBe(true);
  expect(completesAlike(resultWith({ things: null }, one), resultWith({ things: null }, one, other))).toBe(true);
  expect(completesAlike(resultWith(null, error('a')), resultWith(null, error('b')))).toBe(true);
});

test('no null may go without a value that explains it', () => {
  expect(completesAlike(resultWith({ things: null }), resultWith({ things: null }, error('things', 0)))).toBe(false);
  expect(completesAlike(resultWith({ things: null }, error('things', 0)), resultWith({ things: null }))).toBe(false);
});

test('of all else the same has to be told', () => {
  const reference = resultWith({ things: null, others: null, list: [1] }, error('things', 0));
  for (const extra of [error('others', 1), error('list', 0), error('things'), error('list')]) {
    expect(completesAlike(resultWith(reference.data, error('things', 0), extra), reference)).toBe(false);
    expect(completesAlike(reference, resultWith(reference.data, error('things', 0), extra))).toBe(false);
  }
});
