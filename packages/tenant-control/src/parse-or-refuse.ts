import { BadInputError } from '@tenantry/service';
import type { z } from 'zod';

/** @throws {BadInputError} naming every field of `what` that is malformed */
export function parseOrRefuse<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.output<Schema> {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  throw new BadInputError(error.issues.map(({ path, message }) => `\`${[what, ...path].join('.')}\` ${message}`).join('; '));
}
