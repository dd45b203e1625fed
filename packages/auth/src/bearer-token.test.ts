import { UnauthenticatedError } from '@tenantry/service';
import { expect, it } from 'vitest';
import { bearerToken } from './bearer-token.ts';

it('takes the token out of an Authorization header', () => {
  expect(bearerToken('Bearer abc.DEF-1_2.~+/==')).toBe('abc.DEF-1_2.~+/==');
  expect(bearerToken('bearer  abc ')).toBe('abc');
});

it('takes no header for nobody', () => {
  expect(bearerToken(undefined)).toBeNull();
});

it.each(['', 'Bearer', 'Bearer ', 'abc', 'Basic YWRhOnB3', 'Bearer a b', 'Bearer a, Bearer b', 'Bearer "a"', 'Bearerabc', 'Bearer =a'])(
  'refuses %j instead of taking it for nobody',
  (header) => {
    expect(() => bearerToken(header)).toThrow(UnauthenticatedError);
    expect(() => bearerToken(header)).toThrow('The Authorization header must be "Bearer <token>".');
  },
);
