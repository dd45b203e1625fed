import { expect, it } from 'vitest';
import { isMet, signedIn } from './access-requirement.ts';

const holding = (...scopes: string[]) => ({
  issuer: 'https://id.example',
  subject: 'ada',
  tenantId: null,
  scopes,
  email: null,
  emailVerified: false,
  expiresAt: null,
});

it('to be signed in is met by everybody who is, and by nobody else', () => {
  expect([holding(), holding('a'), null].map((principal) => isMet(signedIn, principal))).toEqual([true, true, false]);
});

it('scopes are met by who holds all of one set', () => {
  const requirement = [['a', 'b'], ['c']];
  const principals = [holding('b', 'a'), holding('c', 'x'), holding('a'), holding('b', 'x'), holding(), null];
  expect(principals.map((principal) => isMet(requirement, principal))).toEqual([true, true, false, false, false, false]);
});

it('no set at all is met by nobody', () => {
  expect(isMet([], holding('a'))).toBe(false);
});
