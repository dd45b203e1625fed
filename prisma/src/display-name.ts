import { z } from 'zod';
import { hidesCharacters } from './invisible.ts';
import { plainText } from './text.ts';

const longestName = 100;

/** The name of a person, a team or a tenant: one line, trimmed, runs of white space made one space, in Unicode's composed form (NFC). */
export const displayName = z
  .string()
  .transform((text) => text.normalize('NFC').replaceAll(/\s+/g, ' ').trim())
  .pipe(
    plainText
      .min(1, 'must not be blank')
      .max(longestName, `must be at most ${longestName} characters`)
      .refine((text) => !hidesCharacters(text), 'must not hold invisible characters, such as zero-width spaces and changes of direction'),
  );
