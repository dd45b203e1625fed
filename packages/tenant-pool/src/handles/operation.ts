import type { SqlQuery, SqlResultSet } from '@prisma/driver-adapter-utils';
import { UnsupportedOperationError } from '../errors.ts';
import { uncarried } from './carried-error.ts';
import type { HandleGrant, Work } from './grant.ts';
import type { PlainViewOptions } from './plain-view.ts';

/** An operation as Prisma hands it to a query extension. */
export interface Operation {
  /** Undefined for raw SQL. */
  readonly model?: string;
  readonly operation: string;
  readonly args: unknown;
  /** Goes on to the next extension, and in the end to the database. */
  readonly query: (args: unknown, request?: OperationRequest) => PromiseLike<unknown>;
  /** Prisma's types leave it out; its own extensions, such as the one for read replicas, use it. */
  readonly __internalParams?: OperationRequest;
}

export interface OperationRequest {
  /** What is asked of the query compiler. */
  readonly action: string;
  readonly transaction?: { readonly kind: string };
}

/** Does `run` as a piece of work that `grant` allows. */
export async function perform<Result>(
  grant: HandleGrant,
  work: Work,
  run: () => PromiseLike<Result>,
  explain: (error: unknown) => unknown = (error) => explained(grant, error),
): Promise<Result> {
  grant.enter(work);
  try {
    // Awaited here: a Prisma promise is lazy.
    return await run();
  } catch (error) {
    throw explain(error);
  } finally {
    grant.leave(work);
  }
}

/** What the caller of a piece of work shall see of its failure. */
export function explained(grant: HandleGrant, error: unknown): unknown {
  return grant.explain(uncarried(error));
}

/** Does `run` and reports it. */
export async function reported<Result>(
  grant: HandleGrant,
  { model, operation }: Pick<Operation, 'model' | 'operation'>,
  run: () => Promise<Result>,
): Promise<Result> {
  const start = performance.now();
  let ok = false;
  try {
    const result = await run();
    ok = true;
    return result;
  } finally {
    grant.onQuery?.({ model, operation, durationMs: performance.now() - start, ok });
  }
}

/** Does operations of a client without extensions as pieces of work that `grant` allows, and reports them. */
export function performing(grant: HandleGrant, route: Route, work: Work): PlainViewOptions['perform'] {
  return (name, promise) => reported(grant, name, () => perform(grant, work, () => route.run(() => promise)));
}

/**
 * What an operation is to its lease.
 *
 * @throws {UnsupportedOperationError} for a part of a batch, which a Prisma client of somebody else has been given
 */
export function workOf({ __internalParams: request }: Operation): Work {
  switch (request?.transaction?.kind) {
    case undefined:
      return 'operation';
    case 'itx':
      return 'within-transaction';
    default:
      throw new UnsupportedOperationError("A handle's operations cannot be part of another client's $transaction([…]).");
  }
}

/** The way of a handle's work to its tenant's database. */
export interface Route {
  /** Runs work whose statements shall reach the tenant. */
  run<Result>(work: () => PromiseLike<Result>): Promise<Result>;
  /** Sends on an operation, as the last extension: those before it see the operation as its caller made it. */
  send(operation: Operation): PromiseLike<unknown>;
  /** Runs one statement on the tenant's database, without Prisma's client. */
  query(query: SqlQuery): Promise<SqlResultSet>;
}
