import { describe, expect, it } from 'vitest';
import { displayName } from './names.ts';

describe('displayName', () => {
  it('trims, and makes runs of white space one space', () => {
    expect(displayName.parse('  Ada \n\t Lovelace ')).toBe('Ada Lovelace');
  });

  it.each([
    ['a blank name', ' \n '],
    ['a name of 101 characters', 'a'.repeat(101)],
    ['a NUL', 'Ada\u0000'],
  ])('refuses %s', (_what, name) => {
    expect(displayName.safeParse(name).success).toBe(false);
  });
});
