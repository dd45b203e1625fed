import { describe, expect, it } from 'vitest';
import { localeTag, timeZoneName } from './localisation.ts';

describe('a locale', () => {
  it.each([
    ['en', 'en'],
    ['de-ch', 'de-CH'],
    ['ZH-hant-tw', 'zh-Hant-TW'],
  ])('%s is taken as %s', (tag, canonical) => {
    expect(localeTag.parse(tag)).toBe(canonical);
  });

  it.each(['', 'x', 'en_US', 'xx-YY', 'english', 'en-', 'de; DROP TABLE'])('%j is refused', (tag) => {
    expect(localeTag.safeParse(tag).success).toBe(false);
  });
});

describe('a time zone', () => {
  it.each(['UTC', 'Europe/Zurich', 'Asia/Kolkata', 'America/Argentina/Buenos_Aires'])('%s is taken as it is', (name) => {
    expect(timeZoneName.parse(name)).toBe(name);
  });

  it.each(['', '+01:00', '-0500', 'Europe/Nowhere', 'CET+1', 'Europe/Zurich '])('%j is refused', (name) => {
    expect(timeZoneName.safeParse(name).success).toBe(false);
  });
});
