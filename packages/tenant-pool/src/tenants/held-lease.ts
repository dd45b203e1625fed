import { TenantryError } from '@tenantry/service';
import { connectionError, connectionFailure, type ConnectionFailure } from '../connections/connection-failure.ts';
import { LeaseEndedError } from '../errors.ts';
import type { HandleGrant, QueryReport, Work } from '../handles/grant.ts';
import type { EntryClient } from '../handles/tenant-clients.ts';
import type { TenantDb, TenantLease } from '../lease.ts';

/** What a lease needs of the entry that granted it. */
export interface LeaseHost {
  readonly tenantId: string;
  readonly client: EntryClient;
  onOperationStart(): void;
  onOperationEnd(): void;
  /** Told once, when the lease holds the entry no longer. */
  onLeaseEnd(lease: HeldLease): void;
  readonly onConnectionFailure: (failure: ConnectionFailure) => void;
  readonly onQuery?: (report: QueryReport) => void;
}

type LeaseState =
  | { phase: 'held' }
  /** Returned while a transaction was open, which may go on until its end. */
  | { phase: 'finishing' }
  /** `error` is null where it was returned: few handles are used after that, and an error takes longer to make than a lease. */
  | { phase: 'over'; error: TenantryError | null };

/** A lease and the grant behind its handle. */
export class HeldLease implements TenantLease, HandleGrant {
  readonly operation: string;
  readonly holdMs: number | undefined;
  /** By `performance.now()`. */
  readonly grantedAt = performance.now();
  readonly #host: LeaseHost;
  #state: LeaseState = { phase: 'held' };
  #transactions = 0;
  #db: TenantDb | undefined;
  #revocation: AbortController | undefined;

  /** @param holdMs milliseconds that it may be held, where that was agreed */
  constructor(host: LeaseHost, operation: string, holdMs?: number) {
    this.#host = host;
    this.operation = operation;
    this.holdMs = holdMs;
  }

  get tenantId(): string {
    return this.#host.tenantId;
  }

  get db(): TenantDb {
    return (this.#db ??= this.#host.client.handleFor(this));
  }

  get revoked(): AbortSignal {
    this.#revocation ??= new AbortController();
    if (this.#state.phase === 'over' && this.#state.error) this.#revocation.abort(this.#state.error);
    return this.#revocation.signal;
  }

  /** Whether an interactive transaction is open. */
  get isInTransaction(): boolean {
    return this.#transactions > 0;
  }

  enter(work: Work): void {
    switch (this.#state.phase) {
      case 'held':
        break;
      case 'finishing':
        if (work === 'operation' || work === 'transaction') throw this.#endedError();
        break;
      case 'over':
        // Returned, not revoked: an operation that was under way then has the rest of its parts done.
        if (this.#state.error === null && work === 'within-operation') break;
        throw this.#state.error ?? this.#endedError();
    }
    if (work === 'transaction') this.#transactions += 1;
    this.#host.onOperationStart();
  }

  leave(work: Work): void {
    this.#host.onOperationEnd();
    if (work !== 'transaction') return;
    this.#transactions -= 1;
    if (this.#state.phase === 'finishing' && !this.isInTransaction) this.#end(null);
  }

  explain(error: unknown): unknown {
    if (error instanceof TenantryError) return error;
    const failure = connectionFailure(error);
    if (!failure) return error;
    // Cut off at the drain's deadline: the reason is why it was drained.
    if (this.#state.phase === 'over' && this.#state.error) return this.#state.error;
    this.#host.onConnectionFailure(failure);
    return connectionError(failure, error);
  }

  onQuery(report: QueryReport): void {
    this.#host.onQuery?.(report);
  }

  /** Makes the handle and its transactions throw `error` from now on. A lease that is over stays over for its first reason. */
  revoke(error: TenantryError): void {
    if (this.#state.phase !== 'over') this.#end(error);
  }

  /** Returns the lease. Does not wait for its transactions, which hold it until they end. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state.phase !== 'held') return;
    if (this.isInTransaction) this.#state = { phase: 'finishing' };
    else this.#end(null);
  }

  #end(error: TenantryError | null): void {
    this.#state = { phase: 'over', error };
    if (error) this.#revocation?.abort(error);
    this.#host.onLeaseEnd(this);
  }

  #endedError(): LeaseEndedError {
    return new LeaseEndedError(`The lease of ${JSON.stringify(this.operation)} on tenant ${this.tenantId} has ended.`);
  }
}
