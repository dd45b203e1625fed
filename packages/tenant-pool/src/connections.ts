import { setTimeout as sleep } from 'node:timers/promises';
import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils';
import { Client, Pool, type ClientConfig } from 'pg';
import type { ConnectionBudget } from './budget.ts';
import { connectionConfig } from './connection-config.ts';
import type { TenantPlacement } from './directory/placement.ts';
import { adapterOver } from './driver.ts';
import type { PoolLimits } from './limits.ts';

export interface ConnectionsOptions {
  placement: TenantPlacement;
  /** Asked for at each connection, so that the plain password is not kept. */
  password: () => string;
  /** Name of the service, for `application_name`. */
  service: string;
  limits: PoolLimits;
  /** Of the placement's cluster. One connection of it is reserved already; it is released in the end. */
  budget: ConnectionBudget;
  onError: (error: Error) => void;
}

/**
 * One tenant's connections: a `pg.Pool` that never holds more of them than it has reserved from the budget. It holds on to one
 * reservation for as long as it lives, takes more while work asks for them, and gives those back as connections close.
 */
export class TenantConnections {
  readonly #pool: Pool;
  readonly #budget: ConnectionBudget;
  readonly #max: number;
  /** Connections being made, open, or still closing. */
  readonly #live = new Set<Client>();
  /** Connections that may be live. */
  #slots = 1;
  /** Reservations not given back yet: the slots, and connections beyond them that still have to close. */
  #reserved = 1;
  /** Pieces of work that hold a connection or wait for one. */
  #demand = 0;
  #ended = false;

  constructor({ placement, password, service, limits, budget, onError }: ConnectionsOptions) {
    this.#budget = budget;
    this.#max = limits.connectionsPerTenant;
    this.#pool = new Pool({
      ...connectionConfig({ placement, password, service, limits }),
      idleTimeoutMillis: limits.idleConnectionMs,
      min: 0,
      Client: this.#countedClient(),
    });
    // Read by pg.Pool at each of its decisions. A connection that is closing still counts, so that its successor waits for it.
    Object.defineProperty(this.#pool.options, 'max', { get: () => this.#slots - (this.#live.size - this.#pool.totalCount) });
    this.#pool.on('error', onError);
  }

  get open(): number {
    return this.#live.size;
  }

  get idle(): number {
    return this.#pool.idleCount;
  }

  get waiting(): number {
    return this.#pool.waitingCount;
  }

  /** Makes sure that a connection can be made. */
  async check(): Promise<void> {
    (await this.#pool.connect()).release();
  }

  /** @throws {DuplicateDriverError} */
  async adapter(): Promise<SqlDriverAdapter> {
    return await adapterOver(this.#pool);
  }

  /**
   * Announces work that needs a connection of its own, and reserves one more for it if there is one to be had.
   *
   * @returns to be called when the work is done
   */
  demand(): () => void {
    this.#demand += 1;
    if (this.#demand > this.#slots && this.#slots < this.#max) this.#grow();
    return () => {
      this.#demand -= 1;
      this.#giveBack();
      // The connection that this leaves idle may be what another tenant waits for.
      if (this.#slots > 1) this.#budget.reclaim();
    };
  }

  /**
   * Gives up one connection that is not in use, if there are several.
   *
   * @returns a promise of its end, or null when all are in use
   */
  shrink(): Promise<void> | null {
    if (this.#slots < 2 || this.#pool.idleCount === 0) return null;
    this.#slots -= 1;
    return this.#closeOne();
  }

  /** Resolves when no connection is left; those still in use after `deadlineMs` are cut off. */
  async end(deadlineMs: number): Promise<void> {
    this.#ended = true;
    const closed = this.#pool.end().then(async () => await this.#allClosed());
    const deadline = new AbortController();
    const late = sleep(deadlineMs, 'late', { signal: deadline.signal }).catch(() => 'in time');
    if ((await Promise.race([closed, late])) === 'late') {
      for (const client of this.#live) client.connection.stream.destroy();
      await this.#allClosed();
    }
    deadline.abort();
    this.#slots = 0;
    this.#giveBack();
  }

  async #allClosed(): Promise<void> {
    await Promise.all([...this.#live].map(async (client) => await new Promise((resolve) => client.once('end', resolve))));
  }

  #countedClient(): new (config?: ClientConfig) => Client {
    const live = this.#live;
    const onEnd = () => this.#onConnectionEnd();
    return class CountedClient extends Client {
      constructor(config?: ClientConfig) {
        super(config);
        live.add(this);
        this.once('end', () => {
          live.delete(this);
          onEnd();
        });
      }
    };
  }

  #onConnectionEnd(): void {
    this.#giveBack();
    // pg.Pool looked at its queue when the connection began to close, and then it still counted.
    if (!this.#ended && this.#pool.waitingCount > 0) void this.check().catch(() => {});
  }

  #grow(): void {
    if (this.#budget.tryReserve()) {
      this.#slots += 1;
      this.#reserved += 1;
    } else {
      this.#budget.reclaimSpare();
    }
  }

  #giveBack(): void {
    if (!this.#ended) this.#slots = Math.min(this.#slots, Math.max(1, this.#live.size, this.#demand));
    while (this.#reserved > Math.max(this.#slots, this.#live.size)) {
      this.#reserved -= 1;
      this.#budget.release();
    }
  }

  async #closeOne(): Promise<void> {
    try {
      (await this.#pool.connect()).release(true);
    } catch {
      // The pool has ended meanwhile, and with it the connection.
    }
  }
}
