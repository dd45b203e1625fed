import type { FieldNode, ResponsePath } from 'graphql';
import { isPromise, locate, type Run } from './run.ts';

/** Makes what was resolved into what the response holds; null is an error where the type says so. @throws field errors, not located */
export type Complete = (run: Run, value: unknown, path: ResponsePath) => unknown;

/** Where a response holds a value: a field, or an item of a list. */
export interface Place {
  readonly nodes: readonly FieldNode[];
  /** Whether an error ends here, as null; else it passes on to the place around this one. */
  readonly isNullable: boolean;
  readonly complete: Complete;
}

/**
 * What the response holds at `path` for `value`, or a promise of it.
 *
 * @throws {GraphQLError} where it cannot be null
 */
export function fill(place: Place, run: Run, value: unknown, path: ResponsePath): unknown {
  if (isPromise(value)) {
    return value.then(
      (resolved) => fillWithResolved(place, run, resolved, path),
      (raised: unknown) => fail(place, run, raised, path),
    );
  }
  return fillWithResolved(place, run, value, path);
}

/** @throws {GraphQLError} where the place cannot be null */
export function fail({ nodes, isNullable }: Place, run: Run, raised: unknown, path: ResponsePath): null {
  const error = locate(raised, nodes, path);
  if (isNullable) return run.fail(error, path);
  throw error;
}

function fillWithResolved(place: Place, run: Run, value: unknown, path: ResponsePath): unknown {
  try {
    const completed = place.complete(run, value, path);
    return isPromise(completed) ? completed.then(undefined, (raised: unknown) => fail(place, run, raised, path)) : completed;
  } catch (raised) {
    return fail(place, run, raised, path);
  }
}
