import { z } from 'zod';

/** Text that Postgres holds and gives back unchanged: without control characters, NUL among them, and halves of surrogate pairs. */
export const plainText = z.string().regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not hold control characters or halves of surrogate pairs');

const longestSearch = 200;

/** What a list is searched for: part of a name or another text, in Unicode's composed form (NFC). */
export const searchText = plainText
  .max(longestSearch, `must be at most ${longestSearch} characters`)
  .transform((text) => text.normalize('NFC').trim());
