import { z } from 'zod';

/** Longer than any text that is sorted by. */
const longestText = 1000;

/** A text that rows are sorted by, as a cursor brings it back: any that Postgres could hold, so without NUL. */
export const cursorText = z
  .string()
  .max(longestText)
  .regex(/^[^\0]*$/);

/** An instant that rows are sorted by, to the millisecond. Postgres knows no year 0, which ISO 8601 does. */
export const cursorInstant = z.iso.datetime({ precision: 3 }).refine((instant) => !instant.startsWith('0000'));
