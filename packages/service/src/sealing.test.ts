import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { UnsealError } from './errors.ts';
import { keyRingVariable, seal, sealingKeyId, unseal, type KeyRing } from './sealing.ts';

const [oldKey, newKey] = [randomBytes(32), randomBytes(32)];
const ring: KeyRing = new Map([['k1', oldKey]]);
const [acme, globex] = ['0199aaaa-0000-7000-8000-000000000001', '0199aaaa-0000-7000-8000-000000000002'];

function changeByte(sealed: string, at: number): string {
  const [id = '', body = ''] = sealed.split('.');
  const bytes = Buffer.from(body, 'base64url');
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return `${id}.${bytes.toString('base64url')}`;
}

describe('a sealed secret', () => {
  it.each(['hunter2', '', 'Grüße 🔐 \u0000', 'x'.repeat(10_000)])('opens again, whatever it says', (secret) => {
    expect(unseal(seal(secret, acme, ring), acme, ring)).toBe(secret);
  });

  it('does not show the secret, nor that two secrets are the same', () => {
    const [one, other] = [seal('hunter2', acme, ring), seal('hunter2', acme, ring)];
    expect(Buffer.from(one.slice(3), 'base64url').includes('hunter2')).toBe(false);
    expect(one).not.toBe(other);
  });

  it('does not open for another tenant', () => {
    expect(() => unseal(seal('hunter2', acme, ring), globex, ring)).toThrow(UnsealError);
  });

  it('does not open when any byte of it was changed: nonce, tag or text', () => {
    const sealed = seal('hunter2', acme, ring);
    const length = Buffer.from(sealed.slice(3), 'base64url').length;
    expect(length).toBe(12 + 16 + 'hunter2'.length);
    for (let at = 0; at < length; at += 1) expect(() => unseal(changeByte(sealed, at), acme, ring), `byte ${at}`).toThrow(UnsealError);
  });

  it('does not open when it was cut short: a shorter tag is no tag', () => {
    const sealed = seal('hunter2', acme, ring);
    for (let length = 3; length < sealed.length - 1; length += 1) {
      expect(() => unseal(sealed.slice(0, length), acme, ring), `${length} characters`).toThrow(UnsealError);
    }
  });

  it.each(['', '.', 'k1', 'k1.', '.abc', 'hunter2'])('is not %j', (text) => {
    expect(() => unseal(text, acme, ring)).toThrow(UnsealError);
  });
});

describe('while a key is rotated', () => {
  const rotated: KeyRing = new Map([
    ['k2', newKey],
    ['k1', oldKey],
  ]);

  it('the first key seals and all open', () => {
    const sealedBefore = seal('hunter2', acme, ring);
    const sealedAfter = seal('hunter3', acme, rotated);
    expect(sealedAfter).toMatch(/^k2\./);
    expect(sealingKeyId(rotated)).toBe('k2');
    expect(() => sealingKeyId(new Map())).toThrow(UnsealError);
    expect(unseal(sealedBefore, acme, rotated)).toBe('hunter2');
    expect(unseal(sealedAfter, acme, rotated)).toBe('hunter3');
  });

  it('a key that is gone is named', () => {
    expect(() => unseal(seal('hunter3', acme, rotated), acme, ring)).toThrow('No key with the id "k2" in CREDENTIALS_KEY.');
  });

  it('what one key sealed does not open under the id of another', () => {
    const sealed = seal('hunter2', acme, ring);
    expect(() => unseal(sealed.replace(/^k1/, 'k2'), acme, rotated)).toThrow(UnsealError);
  });
});

it('an empty ring seals nothing', () => {
  expect(() => seal('hunter2', acme, new Map())).toThrow(UnsealError);
});

describe('CREDENTIALS_KEY', () => {
  const [one, two] = [oldKey.toString('base64'), newKey.toString('base64')];

  it('holds keys in order', () => {
    expect([...keyRingVariable.parse(`k2:${two}, k1:${one}`)]).toEqual([
      ['k2', newKey],
      ['k1', oldKey],
    ]);
  });

  it.each([
    ['a key without an id', one],
    ['an empty id', `:${one}`],
    ['an id with a dot', `k.1:${one}`],
    ['a short key', `k1:${randomBytes(31).toString('base64')}`],
    ['a long key', `k1:${randomBytes(33).toString('base64')}`],
    ['an id without a key', 'k1:'],
    ['a comma too many', `k1:${one},`],
    ['a bad key behind a good one', `k1:${one},k2:short`],
    ['an id twice', `k1:${one},k1:${two}`],
  ])('is refused with %s, and shows no key', (_what, text) => {
    const result = keyRingVariable.safeParse(text);
    expect(result.success).toBe(false);
    expect(result.error?.message).not.toContain(one);
  });
});
