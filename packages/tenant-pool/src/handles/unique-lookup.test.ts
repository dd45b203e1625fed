import { describe, expect, test } from 'vitest';
import { UnsupportedOperationError } from '../errors.ts';
import { asFirstLookup } from './unique-lookup.ts';

const isField = (name: string) => ['id', 'teamId', 'userId', 'name'].includes(name);
const where = (conditions: object) => asFirstLookup({ where: conditions }, isField)['where'];

describe('a unique lookup as one of the first row', () => {
  test('keeps fields, filters and combinators', () => {
    const conditions = { id: 'a', name: { contains: 'b' }, OR: [{ name: 'c' }], team: { is: { name: 'd' } } };
    expect(where(conditions)).toEqual(conditions);
  });

  test('keeps the other arguments', () => {
    const lookup = { where: { teamId_userId: { teamId: 't', userId: 'u' } }, include: { team: true } };
    expect(asFirstLookup(lookup, isField)).toEqual({ where: { AND: [{ teamId: 't', userId: 'u' }] }, include: { team: true } });
  });

  test('makes a compound key a condition on its fields, in whatever order they come', () => {
    expect(where({ teamId_userId: { userId: 'u', teamId: 't' } })).toEqual({ AND: [{ userId: 'u', teamId: 't' }] });
  });

  test('adds a compound key to the conditions that are there', () => {
    expect(where({ teamId_userId: { teamId: 't', userId: 'u' }, teamId: 'x', AND: { name: 'n' } })).toEqual({
      teamId: 'x',
      AND: [{ teamId: 't', userId: 'u' }, { name: 'n' }],
    });
    expect(where({ teamId_userId: { teamId: 't', userId: 'u' }, AND: [{ name: 'n' }] })).toEqual({
      AND: [{ teamId: 't', userId: 'u' }, { name: 'n' }],
    });
  });

  test.each([
    [{}],
    [{ id: undefined }],
    [{ id: null }],
    [{ id: 'a', name: undefined }],
    [{ teamId_userId: { teamId: 't', userId: undefined } }],
    [{ teamId_userId: { teamId: null, userId: 'u' } }],
  ])('refuses %o, which would be any row', (conditions) => {
    expect(() => where(conditions)).toThrow(UnsupportedOperationError);
  });
});
