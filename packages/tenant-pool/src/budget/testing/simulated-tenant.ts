import assert from 'node:assert/strict';
import { TenantBusyError } from '../../errors.ts';
import type { AccountLimits, BudgetAccount, EndWork } from '../budget-account.ts';
import type { ConnectionBudget } from '../connection-budget.ts';

/** Milliseconds from when a connection is told to close until it begins to, and until it has closed. */
const [leaveMs, closeMs] = [1, 3];

type Work = { phase: 'waiting' | 'running' | 'ended' | 'refused' };

/** A tenant whose connections open at once and close some milliseconds after they were told to. Its timers may be vitest's. */
export class SimulatedTenant {
  readonly account: BudgetAccount;
  readonly works: Work[] = [];
  phase: 'open' | 'closing' | 'closed' = 'open';
  isLeased = false;
  /** Connections, as the database has them. */
  live = 0;
  #running: { work: Work; end: EndWork }[] = [];
  #spare = 0;

  constructor(budget: ConnectionBudget, limits: AccountLimits) {
    const holder = {
      isIdle: () => this.phase === 'open' && !this.isLeased && this.#running.length === 0 && this.waiting === 0,
      evict: () => this.#evict(),
      closeSpare: () => this.#closeSpare(),
    };
    this.account = budget.open(holder, limits);
  }

  get running(): number {
    return this.#running.length;
  }

  get waiting(): number {
    return this.works.filter(({ phase }) => phase === 'waiting').length;
  }

  get hasSpare(): boolean {
    return this.#spare > 0;
  }

  begin(): void {
    this.isLeased = true;
    const work: Work = { phase: 'waiting' };
    this.works.push(work);
    const acquired = this.account.acquire();
    if (!(acquired instanceof Promise)) return this.#run(work, acquired);
    acquired.then(
      (end) => this.#run(work, end),
      (error: unknown) => {
        assert(error instanceof TenantBusyError);
        work.phase = 'refused';
      },
    );
  }

  finish(): void {
    const first = this.#running.shift();
    if (!first) return;
    this.#spare += 1;
    first.work.phase = 'ended';
    first.end();
  }

  /** Nobody uses it any more, if no work is under way. */
  giveBack(): void {
    if (this.running > 0 || this.waiting > 0) return;
    this.isLeased = false;
    this.account.onIdle();
  }

  /** A connection breaks beneath the work, which then ends. */
  lose(): void {
    const first = this.#running.shift();
    if (!first) return;
    this.live -= 1;
    this.account.onConnectionLeave(false);
    this.account.onConnectionEnd();
    first.work.phase = 'ended';
    first.end();
  }

  /** A connection that nothing uses is closed, as after an idle time-out. */
  closeIdle(): void {
    if (this.#spare === 0) return;
    this.#spare -= 1;
    this.account.onConnectionLeave(false);
    setTimeout(() => this.#ended(1), closeMs);
  }

  /** It is closed whatever goes on, as when it is suspended: what waits is refused, what works is cut off. */
  close(): void {
    this.phase = 'closing';
    this.account.refuseAll(new TenantBusyError('The tenant was closed.'));
    while (this.running > 0) this.lose();
    const spare = this.#takeSpare();
    for (let left = 0; left < spare; left += 1) this.account.onConnectionLeave(true);
    this.#closeAfter(spare);
  }

  #run(work: Work, end: EndWork): void {
    if (this.phase !== 'open') {
      work.phase = 'ended';
      return end();
    }
    const earlier = this.works.slice(0, this.works.indexOf(work));
    assert(!earlier.some(({ phase }) => phase === 'waiting'), 'work of one tenant ran out of order');
    work.phase = 'running';
    this.#running.push({ work, end });
    if (this.#spare > 0) this.#spare -= 1;
    else {
      this.live += 1;
      this.account.onConnectionStart();
    }
  }

  #closeSpare(): boolean {
    assert(this.#spare > 0, 'told to close a connection that works');
    this.#spare -= 1;
    setTimeout(() => this.account.onConnectionLeave(true), leaveMs);
    setTimeout(() => this.#ended(1), closeMs);
    return true;
  }

  #evict(): void {
    assert(!this.isLeased && this.#running.length === 0, 'evicted though it was busy');
    assert(this.phase === 'open', 'evicted twice');
    this.phase = 'closing';
    const spare = this.#takeSpare();
    setTimeout(() => {
      for (let left = 0; left < spare; left += 1) this.account.onConnectionLeave(true);
    }, leaveMs);
    this.#closeAfter(spare);
  }

  /** @param leaving connections, that others may have begun to close before */
  #closeAfter(leaving: number): void {
    setTimeout(() => {
      this.#ended(leaving);
      this.account.close();
      this.phase = 'closed';
    }, closeMs);
  }

  #takeSpare(): number {
    const spare = this.#spare;
    this.#spare = 0;
    return spare;
  }

  #ended(connections: number): void {
    this.live -= connections;
    for (let closed = 0; closed < connections; closed += 1) this.account.onConnectionEnd();
  }
}
