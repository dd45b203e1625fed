import { expect, test } from 'vitest';
import { StatementNames } from './statement-names.ts';

const frequent = 5;
const uniqueSql = (what = '') => `SELECT ${what} -- ${crypto.randomUUID()} $1`;

/** The names that a statement has in its first runs. */
function namesOf(names: StatementNames, sql: string, runs = frequent): string[] {
  return Array.from({ length: runs }, () => names.nameOf({ sql, args: [1] }));
}

test('a statement gets a name when it comes again and again, and keeps it on the connections of every tenant', () => {
  const sql = uniqueSql();
  const [one, other] = [new StatementNames(), new StatementNames()];
  const names = namesOf(one, sql, frequent + 1);
  expect(names.slice(0, frequent - 1)).toEqual(['', '', '', '']);
  expect(names[frequent - 1]).toMatch(/^tenantry_\d+$/);
  expect(names[frequent]).toBe(names[frequent - 1]);
  expect(other.nameOf({ sql, args: [2] })).toBe(names[frequent]);
  expect(namesOf(other, uniqueSql()).at(-1)).not.toBe(names[frequent]);
});

test('a statement without values, or one as long as a list of values, gets none', () => {
  const names = new StatementNames();
  const [bare, long] = [uniqueSql(), uniqueSql('x'.repeat(10_000))];
  for (let runs = 0; runs < frequent * 2; runs += 1) expect(names.nameOf({ sql: bare, args: [] })).toBe('');
  expect(new Set(namesOf(names, long, frequent * 2))).toEqual(new Set(['']));
});

test('a statement that is distrusted has a name no more, on the connections of this pool', () => {
  const wasNamed = (names: StatementNames, age = names.age) => names.wasNamed(query, age);
  const sql = uniqueSql();
  const [one, other] = [new StatementNames(), new StatementNames()];
  const query = { sql, args: [1] };
  expect(wasNamed(one)).toBe(false);
  const name = namesOf(one, sql).at(-1);
  expect(wasNamed(one)).toBe(true);
  expect(one.wasNamed({ sql, args: [] }, one.age)).toBe(false);
  const { age } = one;
  for (let times = 0; times < 2; times += 1) one.distrust(query);
  expect([wasNamed(one), wasNamed(other)]).toEqual([false, true]);
  expect(wasNamed(one, age)).toBe(true);
  expect(one.nameOf({ sql, args: [1] })).toBe('');
  expect(other.nameOf({ sql, args: [1] })).toBe(name);
});

test('no more than 100 statements get names, whatever is sent', () => {
  const names = new StatementNames();
  const given = new Set(Array.from({ length: 300 }, () => namesOf(names, uniqueSql()).at(-1)));
  given.delete('');
  expect(given.size).toBeLessThanOrEqual(100);
  expect(given.size).toBeGreaterThan(90);
  expect(namesOf(names, uniqueSql()).at(-1)).toBe('');
});
