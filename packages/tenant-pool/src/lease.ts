import type { Prisma, PrismaClient } from '@tenantry/prisma/tenant';

/**
 * A Prisma client bound to one tenant's database for the length of a lease. Use the callback form of `$transaction`; connecting
 * and disconnecting are the pool's.
 */
export type TenantDb = Omit<PrismaClient, '$connect' | '$disconnect' | '$on' | '$extends' | '$transaction'> & {
  $transaction<Result>(
    work: (tx: Prisma.TransactionClient) => Promise<Result>,
    options?: { maxWait?: number; timeout?: number; isolationLevel?: Prisma.TransactionIsolationLevel },
  ): Promise<Result>;
};

/** The right to use one tenant's database, for one request or job. Its `db` throws once the lease has ended or was revoked. */
export interface TenantLease extends AsyncDisposable {
  readonly tenantId: string;
  readonly db: TenantDb;
}

export interface LeaseOptions {
  /** Name of the operation that wants the lease, for logs and metrics. */
  operation: string;
  signal?: AbortSignal;
}

export interface TenantPool extends AsyncDisposable {
  /**
   * @throws {TenantNotFoundError} {TenantSuspendedError} {TenantMigratingError} {TenantWakingError} by the tenant's status
   * @throws {TenantBusyError} when no connection is to be had within the deadline
   * @throws {TenantUnavailableError} when the tenant's database does not answer
   */
  lease(tenantId: string, options: LeaseOptions): Promise<TenantLease>;
  /** Ends the tenant's pool: handles throw from now on, queries in flight end, connections close. */
  evict(tenantId: string, reason: string): Promise<void>;
}
