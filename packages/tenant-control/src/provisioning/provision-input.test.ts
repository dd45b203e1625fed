import { BadInputError } from '@tenantry/service';
import { describe, expect, test } from 'vitest';
import { parseOrRefuse, provisionInputSchema, slugSchema } from './provision-input.ts';

const parse = (input: unknown) => parseOrRefuse(provisionInputSchema, input, 'input');

describe('a slug', () => {
  test.each(['abc', 'acme-2', 'a1-b2-c3', 'a'.repeat(40)])('may be %s', (slug) => {
    expect(slugSchema.parse(slug)).toBe(slug);
  });

  test.each(['', 'ab', 'Acme', '1acme', '-acme', 'acme-', 'a--b', 'ac me', 'acmé', 'acme\n', 'a'.repeat(41), 'xn_-a', 'admin', 'www'])(
    'may not be %j',
    (slug) => {
      expect(slugSchema.safeParse(slug).success).toBe(false);
    },
  );
});

test('names are trimmed, emails in lower case too', () => {
  expect(parse({ slug: 'acme', name: '  Acme  GmbH ', firstOwner: { email: ' Ada@Example.COM ', name: ' Ada 👩‍💻 ' } })).toEqual({
    slug: 'acme',
    name: 'Acme  GmbH',
    firstOwner: { email: 'ada@example.com', name: 'Ada 👩‍💻' },
  });
});

test.each(['', '   ', 'two\nlines', 'tab\there', 'nul\0', 'half \ud83d', 'x'.repeat(201)])('a tenant may not be named %j', (name) => {
  expect(() => parse({ slug: 'acme', name })).toThrow(BadInputError);
});

test.each(['ada', 'ada@', '@example.com', 'a b@example.com', `${'a'.repeat(250)}@example.com`])('%s is no email', (email) => {
  expect(() => parse({ slug: 'acme', name: 'Acme', firstOwner: { email, name: 'Ada' } })).toThrow('`input.firstOwner.email`');
});

test('every field at fault is named at once', () => {
  expect(() => parse({ slug: 'A', name: '', tier: 'GOLD' })).toThrow(
    /`input\.slug` must be .*`input\.name` must not be blank.*`input\.tier`/,
  );
});
