import { describe, expect, test } from 'vitest';
import { displayName } from './display-name.ts';

function reasonsAgainst(name: string): string[] | undefined {
  return displayName.safeParse(name).error?.issues.map(({ message }) => message);
}

describe('a display name', () => {
  test('is trimmed, its runs of white space are one space, and its accents are composed', () => {
    expect(displayName.parse('  Ada \n\t Lovelace\u00a0')).toBe('Ada Lovelace');
    expect(displayName.parse('Rene\u0301')).toBe('Ren\u00e9');
  });

  test.each([
    ['an apostrophe and a hyphen', "Siobhán O'Neill-Łuczak"],
    ['Persian with a half-space', 'علی\u200cرضا'],
    ['a Persian initial', 'ه\u200d. سایه'],
    ['a Hindi conjunct held apart', 'क्\u200dष'],
    ['a Sinhala conjunct', 'ශ්\u200dරී'],
    ['an emoji of several', 'Ada 👩🏽\u200d💻 ❤️\u200d🔥'],
    ['a variant of a Chinese character', '辻\u{e0100}'],
    ['100 characters', 'a'.repeat(100)],
  ])('may have %s', (_what, name) => {
    expect(displayName.parse(name)).toBe(name);
  });

  test.each([
    ['nothing', ''],
    ['white space', ' \n '],
    ['101 characters', 'a'.repeat(101)],
    ['a NUL', 'Ada\u0000'],
    ['an escape', 'Ada\u001b[2J'],
    ['half of a surrogate pair', 'Ada \ud83d'],
    ['a change of direction', 'Ada \u202egpj.exe'],
    ['an isolate', '\u2066Ada\u2069'],
    ['a right-to-left mark', 'Ada\u200f'],
    ['a zero-width space', 'A\u200bda'],
    ['a byte-order mark within', 'A\ufeff\u2060da'],
    ['a soft hyphen', 'A\u00adda'],
    ['a joiner between Latin letters', 'A\u200dda'],
    ['a non-joiner after a Latin letter', 'Ada\u200c'],
    ['a joiner and another one', 'علی\u200c\u200cرضا'],
    ['a variation selector after a Latin letter', 'Ada\ufe0e'],
    ['a letter that is a filler', '\u3164'],
    ['a tag', 'Ada\u{e0041}'],
  ])('must not be made of, or hold, %s', (_what, name) => {
    expect(displayName.safeParse(name).success).toBe(false);
  });

  test('that is refused says why', () => {
    expect(reasonsAgainst(' ')).toEqual(['must not be blank']);
    expect(reasonsAgainst('a\u0000')).toEqual(['must not hold control characters or halves of surrogate pairs']);
    expect(reasonsAgainst('a\u200bb')).toEqual(['must not hold invisible characters, such as zero-width spaces and changes of direction']);
  });
});
