import { BadInputError } from '@tenantry/service';
import { describe, expect, test } from 'vitest';
import { parseOrRefuse } from '../parse-or-refuse.ts';
import { provisionInputSchema, slugSchema } from './provision-input.ts';

const parse = (input: unknown) => parseOrRefuse(provisionInputSchema, input, 'input');

describe('a slug', () => {
  test.each(['abc', 'acme-2', 'a1-b2-c3', 'a'.repeat(40)])('may be %s', (slug) => {
    expect(slugSchema.parse(slug)).toBe(slug);
  });

  test.each([
    '',
    'ab',
    'Acme',
    '1acme',
    '-acme',
    'acme-',
    'a--b',
    'ac me',
    'acmé',
    'acme\n',
    'a'.repeat(41),
    'xn_-a',
    'admin',
    'www',
    `deleted-${'0'.repeat(32)}`,
  ])('may not be %j', (slug) => {
    expect(slugSchema.safeParse(slug).success).toBe(false);
  });
});

test('names and emails are taken in their one spelling', () => {
  expect(
    parse({ slug: 'acme', name: '  Acme \n GmbH ', firstOwner: { email: ' Rene\u0301@Example.COM ', name: ' Rene\u0301 👩‍💻 ' } }),
  ).toEqual({
    slug: 'acme',
    name: 'Acme GmbH',
    firstOwner: { email: 'ren\u00e9@example.com', name: 'Ren\u00e9 👩‍💻' },
  });
});

test.each(['', '   ', 'nul\0', 'half \ud83d', 'back\u202ewards', 'zero\u200bwidth', 'x'.repeat(101)])(
  'a tenant may not be named %j',
  (name) => {
    expect(() => parse({ slug: 'acme', name })).toThrow(BadInputError);
  },
);

test.each(['ada', 'ada@', '@example.com', 'a b@example.com', `${'a'.repeat(250)}@example.com`])('%s is no email', (email) => {
  expect(() => parse({ slug: 'acme', name: 'Acme', firstOwner: { email, name: 'Ada' } })).toThrow('`input.firstOwner.email`');
});

test('every field at fault is named at once', () => {
  expect(() => parse({ slug: 'A', name: '', tier: 'GOLD' })).toThrow(
    /`input\.slug` must be .*`input\.name` must not be blank.*`input\.tier`/,
  );
});
