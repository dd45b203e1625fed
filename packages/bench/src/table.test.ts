import { expect, test } from 'vitest';
import { formatNumber, formatTable } from './table.ts';

test('a table is Markdown with a verdict on each target', () => {
  const table = formatTable([
    {
      figure: 'first query',
      contender: 'ours',
      value: 12.345,
      unit: 'ms',
      ratio: { value: 0.43, to: 'theirs' },
      target: { text: '< 0.5', isMet: true },
    },
    { figure: 'RSS', contender: 'a|b', value: 1234.5, unit: 'MB', target: { text: '< 10', isMet: false } },
    { figure: 'peak', contender: 'theirs', value: null, unit: '', note: 'it died' },
    { figure: 'first query', contender: 'theirs', value: 28.7, unit: 'ms' },
  ]);
  const rows = table.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  expect(new Set(table.split('\n').map(({ length }) => length)).size).toBe(1);
  expect(rows[2]?.slice(1, -1)).toEqual(['first query', 'ours', '12.3 ms', '0.43', '< 0.5', 'met']);
  expect(rows[3]?.slice(1, 4)).toEqual(['first query', 'theirs', '28.7 ms']);
  expect(rows[4]?.slice(1, -1)).toEqual(['RSS', 'a/b', '1,235 MB', '', '< 10', 'MISSED']);
  expect(rows[5]?.slice(3, 4)).toEqual(['none']);
});

test('numbers have three digits that mean something', () => {
  expect([0.01234, 1.236, 99.96, 1234.5, 0].map(formatNumber)).toEqual(['0.0123', '1.24', '100', '1,235', '0']);
});
