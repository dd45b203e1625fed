import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils';
import { Pool, type Client } from 'pg';
import type { AccountLimits, BudgetAccount, EndWork } from '../budget/budget-account.ts';
import type { ConnectionBudget } from '../budget/connection-budget.ts';
import type { TenantPlacement } from '../directory/placement.ts';
import { TenantUnavailableError } from '../errors.ts';
import type { PoolLimits } from '../limits.ts';
import { connectionConfig } from './connection-config.ts';
import { adapterOver } from './driver.ts';
import { PooledClient, type PooledClientOptions } from './pooled-client.ts';
import type { Preconnects } from './preconnects.ts';

export interface ConnectionsOptions {
  placement: TenantPlacement;
  /** Asked for at each connection, so that the plain password is not kept. */
  password: () => string;
  /** Name of the service, for `application_name`. */
  service: string;
  limits: PoolLimits;
  /** Where sockets come from. */
  preconnects: Preconnects;
  /** Of the placement's cluster. */
  budget: ConnectionBudget;
  /** How many of the budget's connections the tenant may have, and how often it gets one while others wait. */
  accountLimits: AccountLimits;
  /** Whether nobody uses the tenant, so that all its connections may go to others. */
  isIdle: () => boolean;
  /** Begins to end these connections; {@link isIdle} was true. */
  evict: () => void;
  onError: (error: Error) => void;
}

/**
 * One tenant's connections: a `pg.Pool` that makes and keeps only those that the tenant's account has reserved. Between pieces of
 * work there may be none.
 */
export class TenantConnections {
  readonly #pool: Pool;
  readonly #account: BudgetAccount;
  /** Connections being made, open, or still closing. */
  readonly #live = new Set<Client>();
  /** Whether statements may be kept prepared on the connections. */
  readonly #keepsStatements: boolean;
  /** Whether connections that close now do so because the budget wants them. */
  #isGivingUp = false;

  /** @throws {TenantUnavailableError} when the placement is one that no connection can be made by */
  constructor({ placement, password, service, limits, preconnects, budget, accountLimits, isIdle, evict, onError }: ConnectionsOptions) {
    const connection = connectionConfig({ placement, password, service, limits, preconnects });
    this.#account = budget.open({ isIdle, evict, closeSpare: () => this.#closeSpare() }, accountLimits);
    this.#keepsStatements = placement.pooling === 'direct';
    const options: PooledClientOptions = {
      ...connection,
      // The client has a deadline of its own; the pool's would run for work that waits for nothing but its turn in this tick.
      connectionTimeoutMillis: 0,
      idleTimeoutMillis: limits.idleConnectionMs,
      min: 0,
      // Who asks the pool for a connection has it from the account already.
      max: Number.MAX_SAFE_INTEGER,
      Client: PooledClient,
      connection,
      watcher: {
        onStart: (client) => {
          this.#live.add(client);
          this.#account.onConnectionStart();
        },
        onOpen: () => preconnects.prepare(placement),
        onLeave: () => this.#account.onConnectionLeave(this.#isGivingUp),
        onEnd: (client) => {
          this.#live.delete(client);
          this.#account.onConnectionEnd();
        },
      },
    };
    this.#pool = new Pool(options);
    this.#pool.on('error', onError);
  }

  get open(): number {
    return this.#live.size;
  }

  get idle(): number {
    return this.#pool.idleCount;
  }

  /** Pieces of work that wait for a connection. */
  get waiting(): number {
    return this.#account.waiting;
  }

  /**
   * Begins a piece of work, which then finds a connection, or the right to make one.
   *
   * @throws {TenantBusyError} by the promise, when none came free within the deadline
   */
  acquire(): EndWork | Promise<EndWork> {
    return this.#account.acquire();
  }

  /** Refuses all work that waits for a connection. */
  refuseAll(error: unknown): void {
    this.#account.refuseAll(error);
  }

  /** To be called when nobody uses the tenant any more. */
  onIdle(): void {
    this.#account.onIdle();
  }

  setLimits(limits: AccountLimits): void {
    this.#account.setLimits(limits);
  }

  /**
   * Makes sure that a connection can be made. To be called within a piece of work.
   *
   * @throws what `pg` throws when none can be made
   */
  async check(): Promise<void> {
    (await this.#pool.connect()).release();
  }

  /** @throws {DuplicateDriverError} */
  async adapter(): Promise<SqlDriverAdapter> {
    return await adapterOver(this.#pool, { keepsStatements: this.#keepsStatements });
  }

  /** Resolves when no connection is left; those still in use after `deadlineMs` are cut off. */
  async end(deadlineMs: number): Promise<void> {
    this.refuseAll(new TenantUnavailableError('The connections of the tenant were closed.'));
    // A pool that ends in the turn in which it hands an idle connection out never answers who asked for it.
    await nextTurn();
    const closed = this.#giveUp(() => this.#pool.end()).then(async () => await this.#allClosed());
    const deadline = new AbortController();
    const late = sleep(deadlineMs, 'late', { signal: deadline.signal }).catch(() => 'in time');
    if ((await Promise.race([closed, late])) === 'late') {
      for (const client of this.#live) client.connection.stream.destroy();
      await this.#allClosed();
    }
    deadline.abort();
    this.#account.close();
  }

  async #allClosed(): Promise<void> {
    await Promise.all([...this.#live].map(async (client) => await new Promise((resolve) => client.once('end', resolve))));
  }

  #closeSpare(): boolean {
    if (this.#pool.idleCount === 0) return false;
    // Within this turn nothing else can take what is idle. When the pool ends meanwhile, so does the connection.
    this.#pool.connect().then(
      (client) => this.#giveUp(() => client.release(true)),
      () => {},
    );
    return true;
  }

  #giveUp<Result>(close: () => Result): Result {
    this.#isGivingUp = true;
    try {
      return close();
    } finally {
      this.#isGivingUp = false;
    }
  }
}
