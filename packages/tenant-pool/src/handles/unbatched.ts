import { UnsupportedOperationError } from '../errors.ts';
import type { GeneratedClient } from './client-module.ts';
import { isRecord } from './is-record.ts';
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
 */
export function unbatched(client: GeneratedClient): (operation: Operation) => PromiseLike<unknown> {
  const isFieldOf = fieldsOf(client);
  return ({ model, operation, args, query, __internalParams: request }) => {
    const action = likes.get(operation);
    if (action === undefined || model === undefined) return query(args);
    if (request?.action !== operation) {
      throw new UnsupportedOperationError(`This version of Prisma does not tell how ${operation} could be kept out of a batch.`);
    }
    return query(asFirstLookup(args, isFieldOf(model)), { ...request, action });
  };
}

/** Tells the scalar fields of a model. */
function fieldsOf(client: GeneratedClient): (model: string) => (name: string) => boolean {
  const known = new Map<string, (name: string) => boolean>();
  return (model) => {
    const found = known.get(model);
    if (found) return found;
    const delegate: unknown = Reflect.get(client, model);
    const fields: unknown = isRecord(delegate) ? delegate['fields'] : undefined;
    if (!isRecord(fields)) throw new UnsupportedOperationError(`This client has no model ${model}.`);
    const names = new Set(Object.keys(fields));
    const isField = (name: string) => names.has(name);
    known.set(model, isField);
    return isField;
  };
}
