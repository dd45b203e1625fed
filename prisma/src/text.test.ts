import { expect, test } from 'vitest';
import { searchText } from './text.ts';

test('a search is composed and trimmed', () => {
  expect(searchText.parse(' Rene\u0301 ')).toBe('Ren\u00e9');
});

test.each(['a\u0000b', 'a\u0007', '\ud83d', 'a'.repeat(201)])('a search is not %j', (text) => {
  expect(searchText.safeParse(text).success).toBe(false);
});
