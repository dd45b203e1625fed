import { z } from 'zod';

/** A BCP 47 tag of a language that the runtime knows, in its canonical spelling: `de-CH` from `de-ch`. */
export const localeTag = z.string().transform((tag, check) => {
  const canonical = canonicalLocale(tag);
  if (canonical !== null) return canonical;
  check.addIssue('must be the BCP 47 tag of a known language, such as en or de-CH');
  return z.NEVER;
});

/** An IANA time zone that the runtime knows, an alias included; no bare offset, since it knows no summer time. */
export const timeZoneName = z.string().refine(isTimeZone, 'must be an IANA time zone, such as Europe/Zurich or UTC');

function canonicalLocale(tag: string): string | null {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(tag)[0] ?? null;
  } catch {
    return null;
  }
}

function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
