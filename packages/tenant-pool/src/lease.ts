import type { Prisma, PrismaClient } from '@tenantry/prisma/tenant';

/**
 * A Prisma client bound to one tenant's database for the length of a lease. Use the callback form of `$transaction`; connecting
 * and disconnecting are the pool's. Errors of SQL are Prisma's own; when the database cannot be reached, an operation throws
 * {@link TenantUnavailableError} or {@link TenantBusyError}.
 */
export type TenantDb = Omit<PrismaClient, '$connect' | '$disconnect' | '$on' | '$extends' | '$transaction'> & {
  $transaction<Result>(
    work: (tx: Prisma.TransactionClient) => Promise<Result>,
    options?: { maxWait?: number; timeout?: number; isolationLevel?: Prisma.TransactionIsolationLevel },
  ): Promise<Result>;
};

/**
 * The right to use one tenant's database, for one request or job. Once it has ended, `db` and whatever came from it (a
 * transaction, a promise not yet awaited) throw {@link LeaseEndedError}; once it was revoked, the error that says why. What was
 * already running then runs to its end.
 */
export interface TenantLease extends AsyncDisposable {
  readonly tenantId: string;
  readonly db: TenantDb;
}

export interface LeaseOptions {
  /** Name of the operation that wants the lease, for logs. */
  operation: string;
  /** Abandons the wait for the lease. A lease once granted is ended by disposing of it. */
  signal?: AbortSignal;
}

export interface TenantPool extends AsyncDisposable {
  /**
   * @throws {TenantNotFoundError} {TenantSuspendedError} {TenantMigratingError} {TenantWakingError} by the tenant's status
   * @throws {TenantBusyError} when no connection is to be had within the deadline
   * @throws {TenantUnavailableError} when the tenant's database does not answer
   */
  lease(tenantId: string, options: LeaseOptions): Promise<TenantLease>;
  /**
   * Ends the tenant's connections: handles throw {@link LeaseRevokedError} from now on, operations in flight end. The next lease
   * connects anew.
   */
  evict(tenantId: string, reason: string): Promise<void>;
}
