import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emailAddress, normaliseEmail } from './email-address.ts';

describe('an email address', () => {
  it('gives every spelling of a mailbox the same form', () => {
    expect(emailAddress.parse('  Ada.Lovelace+x@Example.COM \n')).toBe('ada.lovelace+x@example.com');
    // An e and a combining accent, and the letter that is both.
    expect(emailAddress.parse('rene\u0301@example.com')).toBe(emailAddress.parse('REN\u00c9@example.com'));
  });

  it('leaves what it has normalised as it is', () => {
    assert(
      property(string({ unit: 'grapheme' }), (text) => {
        expect(normaliseEmail(normaliseEmail(text))).toBe(normaliseEmail(text));
      }),
    );
  });

  it.each(['ada@example.co.uk', "o'neill@example.com", 'jörg@bücher.example', 'a@b.io', '用户@例子.公司'])('takes %s', (email) => {
    expect(emailAddress.parse(email)).toBe(email);
  });

  it.each([
    ['nothing', ''],
    ['no @', 'ada.example.com'],
    ['two @', 'ada@home@example.com'],
    ['no local part', '@example.com'],
    ['a domain of one label', 'ada@localhost'],
    ['an empty label', 'ada@example..com'],
    ['white space within', 'ada lovelace@example.com'],
    ['a display name', 'Ada <ada@example.com>'],
    ['a NUL', 'ada\u0000@example.com'],
    ['a character that is not seen', 'ada\u200b@example.com'],
    ['a mark that is not seen', 'ada@exa\u034fmple.com'],
    ['half of a surrogate pair', 'ada\ud83d@example.com'],
    ['too many characters', `${'a'.repeat(60)}@${'b.'.repeat(120)}com`],
  ])('refuses %s', (_what, email) => {
    expect(emailAddress.safeParse(email).success).toBe(false);
  });
});
