import { expect, it } from 'vitest';
import { deepFreeze } from './deep-freeze.ts';

it('freezes all that a value holds', () => {
  const frozen = deepFreeze({ list: [{ inner: { text: 'a' } }], nothing: null });
  expect(() => Object.assign(frozen.list[0]?.inner ?? {}, { text: 'b' })).toThrow(TypeError);
  expect(() => Object.assign(frozen.list, [1])).toThrow(TypeError);
  expect(() => Object.assign(frozen, { nothing: 1 })).toThrow(TypeError);
});

it('leaves what is no object as it is', () => {
  expect([deepFreeze('a'), deepFreeze(null), deepFreeze(1)]).toEqual(['a', null, 1]);
});
