import { describe, expect, test } from 'vitest';
import { asFirstLookup, shapeOf } from './unique-lookup.ts';

const key = { teamId_userId: { teamId: 't', userId: 'u' } };

describe('a unique lookup as one of the first row', () => {
  test('stays as it is where it names no compound unique', () => {
    const lookup = { where: { id: 'a', name: { contains: 'b' }, OR: [{ name: 'c' }], team: { is: { name: 'd' } } } };
    expect(asFirstLookup(lookup, [])).toBe(lookup);
  });

  test('has a compound key as a condition on its fields, and the other arguments', () => {
    expect(asFirstLookup({ where: key, include: { team: true } }, ['teamId_userId'])).toEqual({
      where: { AND: [{ teamId: 't', userId: 'u' }] },
      include: { team: true },
    });
  });

  test('has a compound key besides the conditions that are there', () => {
    expect(asFirstLookup({ where: { ...key, teamId: 'x', AND: { name: 'n' } } }, ['teamId_userId'])).toEqual({
      where: { teamId: 'x', AND: [{ teamId: 't', userId: 'u' }, { name: 'n' }] },
    });
    expect(asFirstLookup({ where: { ...key, AND: [{ name: 'n' }] } }, ['teamId_userId'])).toEqual({
      where: { AND: [{ teamId: 't', userId: 'u' }, { name: 'n' }] },
    });
  });
});

const shapeOfWhere = (where: object) => shapeOf({ where });

describe('the shape of a unique lookup', () => {
  test('does not depend on values, nor on what is selected', () => {
    expect(shapeOfWhere({ id: 'a' })).toBe(shapeOfWhere({ id: new Date() }));
    expect(shapeOfWhere(key)).toBe(shapeOfWhere({ teamId_userId: { teamId: 'other', userId: 'another' } }));
    expect(shapeOfWhere({ id: 'a', name: undefined })).toBe(shapeOfWhere({ id: 'a' }));
    expect(shapeOf({ where: { id: 'a' }, select: { name: true } })).toBe(shapeOfWhere({ id: 'a' }));
  });

  test('tells apart what Prisma may take from what it may not', () => {
    const wheres = [{}, { id: 'a' }, { id: null }, { id: {} }, { id: { not: 'a' } }, { id: 'a', name: 'b' }, { 'id,name': 'a' }, key];
    expect(new Set(wheres.map(shapeOfWhere)).size).toBe(wheres.length);
  });

  test.each([
    [{ where: { id: 'a' }, take: 1 }],
    [{ where: { id: ['a'] } }],
    [{ where: { OR: [{ id: 'a' }] } }],
    [{ where: { id: Buffer.from('a') } }],
    [{ where: { teamId_userId: { teamId: { not: 't' }, userId: 'u' } } }],
    [{ where: { teamId_userId: { teamId: 't', userId: null } } }],
    [undefined],
  ])('is not had by %o', (lookup) => {
    expect(shapeOf(lookup)).toBeNull();
  });
});
