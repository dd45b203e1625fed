import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils';
import type { TenantryError } from '@tenantry/service';
import type { ConnectionFailure } from '../connections/connection-failure.ts';
import type { TenantConnections } from '../connections/connections.ts';
import type { TenantPlacement } from '../directory/placement.ts';
import { LeaseRevokedError } from '../errors.ts';
import type { QueryReport } from '../handles/grant.ts';
import type { EntryClient } from '../handles/tenant-clients.ts';
import type { PoolEvents } from '../pool-events.ts';
import { HeldLease, type LeaseHost } from './held-lease.ts';
import { connectionKey, placeKey } from './serving.ts';

/** Why an entry was closed; a label of the metrics. */
export type EvictionReason = 'capacity' | 'idle' | 'status' | 'rotated' | 'moved' | 'requested' | 'shutdown' | 'isolation';

export interface TenantEntryOptions {
  placement: TenantPlacement;
  connections: TenantConnections;
  /** Over the connections. */
  adapter: SqlDriverAdapter;
  /** Over the adapter; disposed of after the connections. */
  client: EntryClient;
  events: Pick<PoolEvents, 'onQuery' | 'onConnectionFailure'>;
  /** Has the entry's credentials read anew, because its database refused them. */
  refetch: (entry: TenantEntry) => void;
}

export interface CloseOptions {
  reason: EvictionReason;
  /** What leases throw from now on; null lets them be returned until the deadline. */
  revokeWith: TenantryError | null;
  /** Milliseconds that leases and operations get to end, and then again for the connections. */
  deadlineMs: number;
}

type EntryState = { phase: 'open'; idleSince: number | null } | { phase: 'draining'; quiet: () => void } | { phase: 'closed' };

/** One tenant's connections under one version of its credentials, and who uses them. */
export class TenantEntry implements LeaseHost {
  readonly placement: TenantPlacement;
  readonly connections: TenantConnections;
  readonly adapter: SqlDriverAdapter;
  readonly client: EntryClient;
  readonly #events: TenantEntryOptions['events'];
  readonly #refetch: (entry: TenantEntry) => void;
  readonly #key: string;
  readonly #leases = new Set<HeldLease>();
  #operations = 0;
  #state: EntryState = { phase: 'open', idleSince: null };

  constructor({ placement, connections, adapter, client, events, refetch }: TenantEntryOptions) {
    this.placement = placement;
    this.#key = connectionKey(placement);
    this.connections = connections;
    this.adapter = adapter;
    this.client = client;
    this.#events = events;
    this.#refetch = refetch;
  }

  get tenantId(): string {
    return this.placement.tenantId;
  }

  get phase(): EntryState['phase'] {
    return this.#state.phase;
  }

  /** Leases held, the oldest first. */
  get leases(): ReadonlySet<HeldLease> {
    return this.#leases;
  }

  /** When the entry was last used, by `performance.now()`; null while it is in use or closing. */
  get idleSince(): number | null {
    return this.#state.phase === 'open' ? this.#state.idleSince : null;
  }

  /** Whether nobody has used it since {@link idleSince}. */
  get isIdle(): boolean {
    return this.idleSince !== null;
  }

  /** Why connections made for this entry's placement do not serve `placement`; null when they do. */
  differenceTo(placement: TenantPlacement): 'rotated' | 'moved' | null {
    if (placement === this.placement || connectionKey(placement) === this.#key) return null;
    const isSamePlace = placeKey(placement) === placeKey(this.placement);
    return isSamePlace && placement.credentialVersion !== this.placement.credentialVersion ? 'rotated' : 'moved';
  }

  /** @returns null when the entry is closing */
  grant(operation: string, holdMs?: number): HeldLease | null {
    if (this.#state.phase !== 'open') return null;
    this.#state.idleSince = null;
    const lease = new HeldLease(this, operation, holdMs);
    this.#leases.add(lease);
    return lease;
  }

  onLeaseEnd(lease: HeldLease): void {
    this.#leases.delete(lease);
    this.settle();
  }

  onQuery(report: QueryReport): void {
    this.#events.onQuery({ ...report, tenantId: this.tenantId });
  }

  onConnectionFailure(failure: ConnectionFailure): void {
    this.#events.onConnectionFailure(failure);
    if (failure === 'authentication' && this.#state.phase === 'open') this.#refetch(this);
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
        this.connections.onIdle();
        break;
      case 'draining':
        this.#state.quiet();
        break;
      case 'closed':
        break;
    }
  }

  /**
   * Stops leasing, waits for what is in flight, then closes the connections. To be called once.
   *
   * @throws what the client throws that cannot be disposed of; no connection is left even so
   */
  async close({ reason, revokeWith, deadlineMs }: CloseOptions): Promise<void> {
    const { promise, resolve: quiet } = Promise.withResolvers<void>();
    this.#state = { phase: 'draining', quiet };
    if (revokeWith) this.revoke(revokeWith);
    this.settle();
    await this.#quietOrLate(promise, deadlineMs);
    this.revoke(new LeaseRevokedError(`The connections of tenant ${this.tenantId} were closed: ${reason}.`));
    await this.connections.end(deadlineMs);
    this.#state = { phase: 'closed' };
    await this.client[Symbol.asyncDispose]();
  }

  /** Has all leases throw `error` from now on. */
  revoke(error: TenantryError): void {
    for (const lease of this.#leases) lease.revoke(error);
  }

  async #quietOrLate(quiet: Promise<void>, deadlineMs: number): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const deadline = setTimeout(resolve, deadlineMs);
    await Promise.race([quiet, late]);
    clearTimeout(deadline);
  }
}
