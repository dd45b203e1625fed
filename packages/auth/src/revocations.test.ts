import { BadInputError } from '@tenantry/service';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { RevocationsFullError } from './errors.ts';
import { Revocations, type RevocableToken, type Revocation } from './revocations.ts';
import { tenantId } from './testing/signing-key.ts';

const issuer = 'https://id.test';
const issuedAt = Math.floor(Date.now() / 1000) - 60;
const rest = { scopes: [], email: null, emailVerified: false, expiresAt: null };
const token: RevocableToken = { principal: { issuer, subject: 'ada', tenantId, ...rest }, tokenId: 'token-1', issuedAt };
const issued = new Date(issuedAt * 1000);

function covered(revocation: Revocation, by: Partial<RevocableToken> = {}): boolean {
  const revocations = new Revocations();
  revocations.add(revocation);
  return revocations.cover({ ...token, ...by });
}

afterEach(() => vi.useRealTimers());

describe('a revocation covers a token', () => {
  it.each<[string, Revocation, boolean]>([
    ['of its subject', { subject: 'ada' }, true],
    ['of its tenant', { tenantId }, true],
    ['of its issuer', { issuer }, true],
    ['of its own', { tokenId: 'token-1' }, true],
    ['of its subject at its issuer', { subject: 'ada', issuer }, true],
    ['of its subject at another issuer', { subject: 'ada', issuer: 'https://other.test' }, false],
    ['of its subject in another tenant', { subject: 'ada', tenantId: '0199aaaa-0000-7000-8000-000000000002' }, false],
    ['of another subject', { subject: 'grace' }, false],
    ['of another token', { tokenId: 'token-2' }, false],
    ['from the second in which it was issued', { subject: 'ada', issuedBefore: new Date(issued.getTime() + 400) }, true],
    ['from before it was issued', { subject: 'ada', issuedBefore: new Date(issued.getTime() - 1) }, false],
    ['of its own, though issued later', { tokenId: 'token-1' }, true],
  ])('%s: %j → %s', (_what, revocation, expected) => {
    expect(covered(revocation)).toBe(expected);
  });

  it('that does not say when it was issued, or that is issued later under a revoked id', () => {
    expect(covered({ subject: 'ada', issuedBefore: new Date(0) }, { issuedAt: null })).toBe(true);
    expect(covered({ tokenId: 'token-1' }, { issuedAt: issuedAt + 3600 })).toBe(true);
  });

  it('without an id only by other fields', () => {
    expect(covered({ tokenId: 'token-1' }, { tokenId: null })).toBe(false);
    expect(covered({ subject: 'ada' }, { tokenId: null })).toBe(true);
  });
});

describe('revocations', () => {
  it('are forgotten when they say so', () => {
    const revocations = new Revocations();
    revocations.add({ subject: 'ada', until: new Date(Date.now() + 1000) });
    expect(revocations.cover(token)).toBe(true);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 1500 });
    expect(revocations.cover(token)).toBe(false);
    expect(revocations.inForce()).toEqual([]);
  });

  it('come out the same in whatever order, and however often, they are told', () => {
    const until = new Date(Date.now() + 60_000);
    const early: Revocation = { subject: 'ada', issuedBefore: new Date(1000), until };
    const late: Revocation = { subject: 'ada', issuedBefore: new Date(2000), until: new Date(until.getTime() - 1000) };
    const outcomes = [
      [early, late],
      [late, early, early],
    ].map((told) => {
      const revocations = new Revocations();
      for (const each of told) revocations.add(each);
      return revocations.inForce();
    });
    for (const outcome of outcomes) expect(outcome).toEqual([{ subject: 'ada', issuedBefore: new Date(2000), until }]);
  });

  it.each<[string, Revocation]>([
    ['nobody', {}],
    ['nobody but a time', { issuedBefore: new Date() }],
    ['a tenant that is no UUID', { tenantId: 'acme' }],
    ['a time that is none', { subject: 'ada', issuedBefore: new Date('soon') }],
    ['an end that is none', { subject: 'ada', until: new Date('later') }],
  ])('of %s are refused', (_whom, revocation) => {
    expect(() => new Revocations().add(revocation)).toThrow(BadInputError);
  });

  it('are never forgotten for others: beyond 10000 there is room only for those that are known', () => {
    const revocations = new Revocations();
    vi.useFakeTimers({ toFake: ['Date'] });
    for (let index = 0; index < 10_000; index += 1) revocations.add({ subject: `subject-${index}` });
    expect(() => revocations.add({ subject: 'ada' })).toThrow(RevocationsFullError);
    revocations.add({ subject: 'subject-0' });
    expect(revocations.cover({ ...token, principal: { ...token.principal, subject: 'subject-9999' } })).toBe(true);
  });
});
