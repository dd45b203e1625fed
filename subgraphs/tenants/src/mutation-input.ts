import type { z } from 'zod';
import type { TenantUserError, TenantUserErrorCode } from './errors.ts';

export type ParsedInput<Data> = { data: Data; userErrors: [] } | { data: null; userErrors: TenantUserError[] };

/**
 * Parses a mutation's input; what is malformed in it becomes user errors. `codes` names the code of each field that can be
 * malformed, by its path: `firstOwner.email`.
 */
export function parseInput<Schema extends z.ZodType>(
  schema: Schema,
  input: z.input<Schema>,
  codes: Readonly<Record<string, TenantUserErrorCode>>,
): ParsedInput<z.output<Schema>> {
  const { success, data, error } = schema.safeParse(input);
  if (success) return { data, userErrors: [] };
  const userErrors = error.issues.map(({ path, message }) => {
    const field = path.join('.');
    const code = codes[field];
    // The GraphQL schema checks types, so what remains are the rules that `codes` knows.
    if (!code) throw error;
    return { code, field, message: `\`${field}\` ${message}.` };
  });
  return { data: null, userErrors };
}
