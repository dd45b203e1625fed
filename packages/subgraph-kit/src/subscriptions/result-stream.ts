import { abandonable, TenantryError, type ErrorCode } from '@tenantry/service';
import type { ExecutionResult, GraphQLError } from 'graphql';
import type { ResultSource } from './subscription.ts';

/**
 * The results of a subscription. The last one holds nothing but errors when the subscription was refused, or was ended for a reason that its
 * subscriber is told.
 */
export interface SubgraphSubscription extends AsyncIterableIterator<ExecutionResult, undefined, undefined> {
  /** Resolves when the subscription was let in or refused. What changes from then on is told. */
  readonly established: Promise<void>;
  /** Ends the subscription at once, also while a result is waited for. */
  return(): Promise<IteratorResult<ExecutionResult, undefined>>;
}

export interface ResultStreamOptions {
  /** Begins the subscription. @param ending aborted when it ends; may be aborted with the reason, which is told if it is a TenantryError */
  open: (ending: AbortController) => Promise<ResultSource>;
  /** What the subscriber is told of an error. */
  present: (error: unknown) => readonly GraphQLError[];
  /** Aborted when nobody waits for results any longer. */
  signal: AbortSignal;
}

/** Begins a subscription. Whoever calls this iterates, or aborts the signal: until then it goes on. */
export function streamResults({ open, present, signal }: ResultStreamOptions): SubgraphSubscription {
  const ending = new AbortController();
  const onAbort = () => ending.abort(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  const opening = open(ending);
  const close = () => {
    signal.removeEventListener('abort', onAbort);
    // One that is let in too late, too.
    opening.then((source) => source[Symbol.dispose](), ignore);
  };
  if (ending.signal.aborted) close();
  else ending.signal.addEventListener('abort', close, { once: true });

  async function* results(): AsyncGenerator<ExecutionResult, undefined, undefined> {
    try {
      const source = await abandonable(opening, ending.signal);
      for (;;) {
        // Its end may have come while no result was asked for, and it is told before that of its events.
        ending.signal.throwIfAborted();
        const result = await source.next();
        if (!result) return;
        yield result;
        if (isLast(result)) return;
      }
    } catch (error) {
      if (error === left) return;
      if (error === signal.reason && !(error instanceof TenantryError)) throw error;
      yield { errors: present(error) };
    } finally {
      ending.abort(left);
    }
  }

  const iterator = results();
  return {
    established: abandonable(opening, ending.signal).then(ignore, ignore),
    next: async () => await iterator.next(),
    return: async () => {
      // A generator alone would wait for its next result first.
      ending.abort(left);
      return await iterator.return(undefined);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** The reason of an end that the subscriber itself has brought about. */
const left = new Error('The subscriber has left.');

const ignore = () => {};

const lastingRefusals: ReadonlySet<unknown> = new Set<ErrorCode>(['UNAUTHENTICATED', 'FORBIDDEN', 'TENANT_NOT_FOUND', 'TENANT_SUSPENDED']);

/** Whether no event will be answered any more: the subscriber may not have what they subscribed to, and not just some of it. */
function isLast({ errors = [] }: ExecutionResult): boolean {
  return errors.some(({ path = [], extensions }) => path.length <= 1 && lastingRefusals.has(extensions['code']));
}
