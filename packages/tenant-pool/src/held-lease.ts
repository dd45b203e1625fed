import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils';
import { TenantryError } from '@tenantry/service';
import { connectionError, connectionFailure, type ConnectionFailure } from './connection-failure.ts';
import { LeaseEndedError } from './errors.ts';
import type { HandleGrant } from './handles/grant.ts';
import type { TenantHandles } from './handles/tenant-handles.ts';
import type { TenantDb, TenantLease } from './lease.ts';

/** What a lease needs of the entry that granted it. */
export interface LeaseHost {
  readonly tenantId: string;
  readonly adapter: SqlDriverAdapter;
  readonly handles: TenantHandles;
  onOperationStart(): void;
  onOperationEnd(): void;
  onLeaseEnd(lease: HeldLease): void;
  readonly onConnectionFailure: (failure: ConnectionFailure) => void;
}

type LeaseState = { phase: 'held' } | { phase: 'over'; error: TenantryError };

/** A lease and the grant behind its handle. */
export class HeldLease implements TenantLease, HandleGrant {
  readonly operation: string;
  readonly #host: LeaseHost;
  #state: LeaseState = { phase: 'held' };
  #db: TenantDb | undefined;

  constructor(host: LeaseHost, operation: string) {
    this.#host = host;
    this.operation = operation;
  }

  get tenantId(): string {
    return this.#host.tenantId;
  }

  get adapter(): SqlDriverAdapter {
    return this.#host.adapter;
  }

  get db(): TenantDb {
    return (this.#db ??= this.#host.handles.handleFor(this));
  }

  enter(): void {
    if (this.#state.phase === 'over') throw this.#state.error;
    this.#host.onOperationStart();
  }

  leave(): void {
    this.#host.onOperationEnd();
  }

  explain(error: unknown): unknown {
    if (error instanceof TenantryError) return error;
    const failure = connectionFailure(error);
    if (!failure) return error;
    // Cut off at the drain's deadline: the reason is why it was drained.
    if (this.#state.phase === 'over') return this.#state.error;
    this.#host.onConnectionFailure(failure);
    return connectionError(failure, error);
  }

  /** Makes the handle throw `error` from now on. A lease that is over stays over for its first reason. */
  revoke(error: TenantryError): void {
    if (this.#state.phase === 'over') return;
    this.#state = { phase: 'over', error };
    this.#host.onLeaseEnd(this);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.revoke(new LeaseEndedError(`The lease of ${JSON.stringify(this.operation)} on tenant ${this.tenantId} has ended.`));
  }
}
