import { z } from 'zod';

const maximumLength = 100;

/** The name of a person or a team: one line, trimmed, runs of white space made one space. */
export const displayName = z
  .string()
  .transform((text) => text.normalize('NFC').replaceAll(/\s+/g, ' ').trim())
  .pipe(
    z
      .string()
      .min(1, 'A name must not be blank.')
      .max(maximumLength, `A name has at most ${maximumLength} characters.`)
      .regex(/^\P{Cc}*$/u, 'A name must not hold control characters.'),
  );
