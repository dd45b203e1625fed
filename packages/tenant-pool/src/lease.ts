import type { Prisma, PrismaClient } from '@tenantry/prisma/tenant';

/**
 * A Prisma client bound to one tenant's database for the length of a lease. Use the callback form of `$transaction`; connecting
 * and disconnecting are the pool's. Errors of SQL are Prisma's own; when the database cannot be reached, an operation throws
 * {@link TenantUnavailableError} or {@link TenantBusyError}.
 *
 * `$extends` gives a handle of the same lease, to which the same applies, although Prisma's types show it with `$connect`,
 * `$disconnect` and the array form: they are refused. Its `$parent` leads to the handle that it was extended from.
 */
export type TenantDb = Omit<PrismaClient, '$connect' | '$disconnect' | '$on' | '$transaction'> & {
  $transaction<Result>(
    work: (tx: Prisma.TransactionClient) => Promise<Result>,
    options?: { maxWait?: number; timeout?: number; isolationLevel?: Prisma.TransactionIsolationLevel },
  ): Promise<Result>;
  /**
   * Reads by one statement, which goes to the driver without passing through Prisma's client: for what nearly every request asks, at less
   * than half of the time. Rows bear the names of the statement's columns; values are as `$queryRaw` has them, but of fewer types.
   *
   * Not part of a transaction, nor of an extended handle. An error of SQL is the driver's `DriverAdapterError`.
   *
   * @throws {UnsupportedOperationError} for a column that is no text, number, boolean, uuid, timestamp or enum, nor a list of texts or uuids
   */
  $read<Row extends object>(sql: Prisma.Sql): Promise<Row[]>;
};

/**
 * The right to use one tenant's database, for one request or job. Once it has been returned, `db` and whatever came from it (an
 * extended handle, a promise not yet awaited) throw {@link LeaseEndedError}. An operation in flight runs to its end, and so does an
 * open transaction with all that its callback does by `tx`: it holds the lease until then.
 *
 * A lease may be revoked: from then on, everything throws the error that says why, and an open transaction is rolled back at once,
 * whatever its callback waits for. After a change of the tenant's password it may be returned in time: it keeps the connections that it
 * has.
 */
export interface TenantLease extends AsyncDisposable {
  readonly tenantId: string;
  readonly db: TenantDb;
}

export interface LeaseOptions {
  /** Name of the operation that wants the lease, for logs. */
  operation: string;
  /**
   * Milliseconds that the lease may be held; then its handle throws {@link LeaseOverdueError}. For jobs that take longer than requests.
   * Default: the pool's `leaseDeadlineMs`.
   */
  holdMs?: number;
  /** Abandons the wait for the lease, which then throws the signal's reason. A lease once granted is ended by disposing of it. */
  signal?: AbortSignal;
}

export interface TenantPool extends AsyncDisposable {
  /**
   * Grants a lease, if the tenant is served; where one that is being migrated or is waking may be waited for, when it is again.
   *
   * @throws {TenantNotFoundError} {TenantSuspendedError} {TenantMigratingError} {TenantWakingError} by the tenant's status
   * @throws {TenantBusyError} when no connection is to be had within the deadline
   * @throws {TenantUnavailableError} when the tenant's database does not answer, or this process is stopping
   * @throws {IsolationError} when this process was found not to keep tenants apart: it serves nobody any more
   * @throws the reason of `options.signal`, once that has aborted
   */
  lease(tenantId: string, options: LeaseOptions): Promise<TenantLease>;
  /**
   * Ends the tenant's connections: handles throw {@link LeaseRevokedError} from now on, operations in flight end. The next lease
   * connects anew. Does nothing where there are none, or no such tenant.
   *
   * Resolves when all are closed. Of a tenant that is being opened, that is awaited first. Work in flight gets `drainDeadlineMs`, and its
   * connections as long again, before they are cut off.
   */
  evict(tenantId: string, reason: string): Promise<void>;
}
