import type { User } from '@tenantry/prisma/tenant';
import type { z } from 'zod';
import type { UsersContext } from './context.ts';
import { RefusedError, type UserError, type UserErrorCode } from './errors.ts';
import { announceUser } from './users/user-changes.ts';

/**
 * The payload of a mutation: what `work` returns, or the errors that it was refused with. What the request has loaded before
 * is forgotten, since the mutation may have changed it.
 */
export async function toPayload<Result extends object>(
  { loaders }: UsersContext,
  work: () => Promise<Result>,
): Promise<(Result & { userErrors: [] }) | { userErrors: readonly UserError[] }> {
  try {
    return { ...(await work()), userErrors: [] };
  } catch (error) {
    if (error instanceof RefusedError) return { userErrors: error.userErrors };
    throw error;
  } finally {
    loaders.forget();
  }
}

/** As {@link toPayload}, for a change of a user, of which those who subscribe to it are told. */
export async function toUserPayload<Result extends { user: Pick<User, 'id'> }>(
  context: UsersContext,
  work: () => Promise<Result>,
): ReturnType<typeof toPayload<Result>> {
  return await toPayload(context, async () => {
    const result = await work();
    announceUser(result.user.id, context);
    return result;
  });
}

/**
 * Parses a mutation's input. `codes` names, for each field that can be malformed, the code that says so.
 *
 * @throws {RefusedError} naming every malformed field
 */
export function parseInput<Schema extends z.ZodType<object>>(
  schema: Schema,
  input: z.input<Schema>,
  codes: Partial<Record<keyof z.output<Schema> & string, UserErrorCode>>,
): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const codeOf = new Map<unknown, UserErrorCode | undefined>(Object.entries(codes));
  const userErrors = result.error.issues.map(({ path: [field], message }): UserError => {
    const code = codeOf.get(field);
    if (code === undefined) throw new Error(`The schema let a malformed ${String(field)} pass.`, { cause: result.error });
    return { code, field: String(field), message: `\`${String(field)}\` ${message}.` };
  });
  throw new RefusedError(...userErrors);
}
