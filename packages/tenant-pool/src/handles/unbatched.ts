import { UnsupportedOperationError } from '../errors.ts';
import type { LookupRules } from './lookup-rules.ts';
import type { Operation } from './operation.ts';
import { asFirstLookup } from './unique-lookup.ts';

/** Operations that Prisma sends as one batch, those of one tick, whichever tenants they belong to; and their likes that it never batches. */
const likes = new Map([
  ['findUnique', 'findFirst'],
  ['findUniqueOrThrow', 'findFirstOrThrow'],
]);

/**
 * Sends on an operation so that it is never part of a batch. To be the last extension: those before it see the operation as
 * its caller made it.
 *
 * A batch of its own for each `findUnique`, which Prisma could be brought to make, would not do: all batches of a tick are sent from
 * where the first was asked for, and so to one tenant.
 */
export function unbatched(rules: LookupRules): (operation: Operation) => PromiseLike<unknown> {
  return (operation) => {
    const like = likes.get(operation.operation);
    if (like === undefined || operation.model === undefined) return operation.query(operation.args);
    return lookUp(rules, operation.model, operation, like);
  };
}

async function lookUp(
  rules: LookupRules,
  model: string,
  { operation, args, query, __internalParams: request }: Operation,
  action: string,
): Promise<unknown> {
  if (request?.action !== operation) {
    throw new UnsupportedOperationError(`This version of Prisma does not tell how ${operation} could be kept out of a batch.`);
  }
  const compoundKeys = rules.known(model, args) ?? (await rules.learn(model, args));
  return await query(asFirstLookup(args, compoundKeys), { ...request, action });
}
