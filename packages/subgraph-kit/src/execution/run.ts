import { locatedError, responsePathAsArray, type FieldNode, type GraphQLError, type ResponsePath } from 'graphql';

/** One execution of an operation: what its fields are given, and the errors that they raised. */
export class Run {
  readonly context: unknown;
  /** What the root's fields are read of: an event, for a subscription. */
  readonly root: unknown;
  /** Coerced, as the operation declares them. */
  readonly variables: Record<string, unknown>;
  readonly errors: GraphQLError[] = [];
  #nulled: Set<ResponsePath | undefined> | null = null;

  constructor({ context, root, variables }: Pick<Run, 'context' | 'root' | 'variables'>) {
    this.context = context;
    this.root = root;
    this.variables = variables;
  }

  /**
   * Notes an error for which the response has null at `path`; undefined is the whole of it. One at a place that is null already, or
   * within it, is not told: the response shows nothing of it (graphql-js 16.15 does the same).
   */
  fail(error: GraphQLError, path: ResponsePath | undefined): null {
    const nulled = (this.#nulled ??= new Set());
    if (!isWithin(path, nulled)) {
      nulled.add(path);
      this.errors.push(error);
    }
    return null;
  }
}

/** What was raised at `path`, as an error that says so. */
export function locate(raised: unknown, nodes: readonly FieldNode[], path: ResponsePath): GraphQLError {
  return locatedError(raised, nodes, responsePathAsArray(path));
}

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** Sees to it that a promise which nobody waits for any more may fail: Node.js ends a process for one that nobody handles. */
export function disown(promise: PromiseLike<unknown>): void {
  promise.then(undefined, () => {});
}

/** Throws `error` once `others`, which are under way, have ended: they may fail, too, and nobody else would see it. */
export async function failAfter(others: Promise<unknown>, error: unknown): Promise<never> {
  await Promise.allSettled([others]);
  throw error;
}

function isWithin(path: ResponsePath | undefined, places: ReadonlySet<ResponsePath | undefined>): boolean {
  if (places.size === 0) return false;
  for (let place = path; place; place = place.prev) if (places.has(place)) return true;
  return places.has(undefined);
}
