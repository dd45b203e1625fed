import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { canonicalUuid } from './uuid.ts';

it('has one spelling for a UUID', () => {
  const id = randomUUID();
  expect([id, id.toUpperCase()].map(canonicalUuid)).toEqual([id, id]);
});

it.each(['', 'acme', `{${randomUUID()}}`, ` ${randomUUID()}`, randomUUID().replaceAll('-', ''), `${randomUUID()}\n`])(
  '%j is none',
  (text) => {
    expect(canonicalUuid(text)).toBeNull();
  },
);
