import { z } from 'zod';
import { hidesCharacters } from './invisible.ts';

/** RFC 5321 §4.5.3.1.3, without the angle brackets. */
const longestEmail = 254;

/** A local part without quotes, and a domain of at least two labels; letters of any script (RFC 6531). */
const pattern =
  /^[^\s@"<>()[\]\\,;:\p{C}]{1,64}@(?:[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}-]{0,61}[\p{L}\p{M}\p{N}])?\.)+[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}-]{0,61}[\p{L}\p{M}\p{N}])$/u;

/** One spelling for one mailbox: trimmed, in lower case, in Unicode's composed form (NFC). */
export function normaliseEmail(text: string): string {
  return text.trim().toLowerCase().normalize('NFC');
}

/** An email address in its one spelling, from any other. */
export const emailAddress = z
  .string()
  .transform(normaliseEmail)
  .pipe(
    z
      .string()
      .max(longestEmail, `must be at most ${longestEmail} characters`)
      .refine((text) => pattern.test(text) && !hidesCharacters(text), 'must be an email address'),
  );
