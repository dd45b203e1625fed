import type { Answer } from '@tenantry/subgraph-kit/testing';
import { z } from 'zod';

/** The value of the only field that was asked for. @throws when there were errors */
export function valueOf<Schema extends z.ZodType>({ data, errors }: Answer, schema: Schema): z.output<Schema> {
  if (errors) throw new Error(`There were errors: ${JSON.stringify(errors)}`);
  return schema.parse(Object.values(data ?? {})[0]);
}

/** Codes of the GraphQL errors. */
export function errorCodes({ errors = [] }: Answer): string[] {
  return errors.map(({ extensions }) => extensions.code);
}

const payload = z.looseObject({ userErrors: z.array(z.looseObject({ code: z.string() })) });

/** Codes of the user errors of the only mutation that was made. */
export function userErrorCodes(answer: Answer): string[] {
  return valueOf(answer, payload).userErrors.map(({ code }) => code);
}
