import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils';
import type { TenantryError } from '@tenantry/service';
import type { ConnectionFailure } from './connection-failure.ts';
import type { TenantConnections } from './connections.ts';
import type { TenantPlacement } from './directory/placement.ts';
import { LeaseRevokedError } from './errors.ts';
import type { TenantHandles } from './handles/tenant-handles.ts';
import { HeldLease, type LeaseHost } from './held-lease.ts';
import { connectionKey } from './serving.ts';

/** Why an entry was closed; a label of the metrics. */
export type EvictionReason = 'capacity' | 'idle' | 'status' | 'rotated' | 'moved' | 'requested' | 'shutdown';

export interface TenantEntryOptions {
  placement: TenantPlacement;
  connections: TenantConnections;
  adapter: SqlDriverAdapter;
  handles: TenantHandles;
  /** Told when the last lease and the last operation have ended. */
  onIdle: () => void;
  onConnectionFailure: (failure: ConnectionFailure) => void;
}

export interface CloseOptions {
  reason: EvictionReason;
  /** What leases throw from now on; null lets them be returned until the deadline. */
  revokeWith: TenantryError | null;
  /** Milliseconds that leases and operations get to end, and then again for the connections. */
  deadlineMs: number;
}

type EntryState =
  | { phase: 'open'; idleSince: number | null }
  | { phase: 'draining'; reason: EvictionReason; quiet: () => void; closed: Promise<void> }
  | { phase: 'closed'; reason: EvictionReason };

/** One tenant's connections under one version of its credentials, and who uses them. */
export class TenantEntry implements LeaseHost {
  readonly placement: TenantPlacement;
  readonly connections: TenantConnections;
  readonly adapter: SqlDriverAdapter;
  readonly handles: TenantHandles;
  readonly onConnectionFailure: (failure: ConnectionFailure) => void;
  readonly #onIdle: () => void;
  readonly #key: string;
  readonly #leases = new Set<HeldLease>();
  #operations = 0;
  #state: EntryState = { phase: 'open', idleSince: null };

  constructor({ placement, connections, adapter, handles, onIdle, onConnectionFailure }: TenantEntryOptions) {
    this.placement = placement;
    this.#key = connectionKey(placement);
    this.connections = connections;
    this.adapter = adapter;
    this.handles = handles;
    this.onConnectionFailure = onConnectionFailure;
    this.#onIdle = onIdle;
  }

  get tenantId(): string {
    return this.placement.tenantId;
  }

  get phase(): EntryState['phase'] {
    return this.#state.phase;
  }

  get leases(): number {
    return this.#leases.size;
  }

  /** When the entry was last used, by `performance.now()`; null while it is in use or closing. */
  get idleSince(): number | null {
    return this.#state.phase === 'open' ? this.#state.idleSince : null;
  }

  /** Why connections made for this entry's placement do not serve `placement`; null when they do. */
  differenceTo(placement: TenantPlacement): 'rotated' | 'moved' | null {
    if (placement === this.placement || connectionKey(placement) === this.#key) return null;
    return placement.credentialVersion === this.placement.credentialVersion ? 'moved' : 'rotated';
  }

  /** @returns null when the entry is closing */
  grant(operation: string): HeldLease | null {
    if (this.#state.phase !== 'open') return null;
    this.#state.idleSince = null;
    const lease = new HeldLease(this, operation);
    this.#leases.add(lease);
    return lease;
  }

  onLeaseEnd(lease: HeldLease): void {
    this.#leases.delete(lease);
    this.settle();
  }

  onOperationStart(): void {
    this.#operations += 1;
  }

  onOperationEnd(): void {
    this.#operations -= 1;
    this.settle();
  }

  /** Takes note of it if nobody uses the entry. */
  settle(): void {
    if (this.#leases.size > 0 || this.#operations > 0) return;
    switch (this.#state.phase) {
      case 'open':
        this.#state.idleSince ??= performance.now();
        this.#onIdle();
        break;
      case 'draining':
        this.#state.quiet();
        break;
      case 'closed':
        break;
    }
  }

  /** Stops leasing, waits for what is in flight, then closes the connections. Never rejects. */
  async close(options: CloseOptions): Promise<void> {
    switch (this.#state.phase) {
      case 'open': {
        const { promise, resolve: quiet } = Promise.withResolvers<void>();
        const closed = this.#drain(promise, options);
        this.#state = { phase: 'draining', reason: options.reason, quiet, closed };
        if (options.revokeWith) this.#revoke(options.revokeWith);
        this.settle();
        return await closed;
      }
      case 'draining':
        if (options.revokeWith) this.#revoke(options.revokeWith);
        return await this.#state.closed;
      case 'closed':
        return;
    }
  }

  async #drain(quiet: Promise<void>, { reason, deadlineMs }: CloseOptions): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const deadline = setTimeout(resolve, deadlineMs);
    await Promise.race([quiet, late]);
    clearTimeout(deadline);
    this.#revoke(new LeaseRevokedError(`The connections of tenant ${this.tenantId} were closed: ${reason}.`));
    await this.connections.end(deadlineMs);
    this.#state = { phase: 'closed', reason };
  }

  #revoke(error: TenantryError): void {
    for (const lease of this.#leases) lease.revoke(error);
  }
}
