import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { copyJson } from './copy-json.ts';

test('a copy is equal and has no object of its original', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const value: unknown = JSON.parse(text);
      const copy = copyJson(value);
      expect(JSON.stringify(copy)).toBe(JSON.stringify(value));
      const originals = new Set(objectsIn(value));
      expect(objectsIn(copy).filter((object) => originals.has(object))).toEqual([]);
    }),
  );
});

test('a copy has what JSON may call `__proto__` as its own', () => {
  const value: unknown = JSON.parse('{"__proto__":{"admin":true}}');
  expect(JSON.stringify(copyJson(value))).toBe('{"__proto__":{"admin":true}}');
  expect(copyJson(value)).not.toHaveProperty('admin');
});

test('objects without a prototype, as graphql-js makes them, are copied', () => {
  const value = Object.assign(Object.create(null), { a: [{ b: 1 }] });
  const copy = copyJson<{ a: object[] }>(value);
  expect(copy).toEqual({ a: [{ b: 1 }] });
  expect(copy.a[0]).not.toBe(value.a[0]);
});

function objectsIn(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value, ...Object.values(value).flatMap(objectsIn)];
}
