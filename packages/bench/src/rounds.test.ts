import { expect, test } from 'vitest';
import { alternated } from './rounds.ts';

test('the order of contenders turns round from round to round', () => {
  const turns = alternated(['a', 'b', 'c'], 3);
  expect(turns.map(({ contender }) => contender).join('')).toBe('abccbaabc');
  expect(turns.map(({ round }) => round)).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3]);
});
