import type { Logger } from '@tenantry/service';
import type { ClaimStore } from './claim-store.ts';
import type { Turn } from './claims.ts';
import { ClusterMembership } from './cluster-membership.ts';
import type { ClusterShare, ShareRegister } from './share-register.ts';

/** A register whose claims are in `store`, which is disposed of with it. */
export function sharesOver(store: ClaimStore, logger: Logger): ShareRegister {
  return new StoredShares(store, logger);
}

class StoredShares implements ShareRegister {
  readonly #store: ClaimStore;
  readonly #logger: Logger;
  readonly #memberships = new Set<ClusterMembership>();
  #isDown = false;

  constructor(store: ClaimStore, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
    store.onNews((cluster) => {
      for (const membership of this.#memberships) if (cluster === null || cluster === membership.cluster) membership.lookAgain();
    });
  }

  async join(cluster: string, total: number, onShare: (share: number) => void): Promise<ClusterShare> {
    if (!Number.isSafeInteger(total) || total < 1) {
      throw new RangeError(`The connections to the cluster "${cluster}" must be a whole number above 0, not ${total}.`);
    }
    const membership: ClusterMembership = new ClusterMembership({
      cluster,
      total,
      store: this.#store,
      onShare,
      onTurn: this.#turnWatch(cluster, total),
      onFailure: (err) => this.#onFailure(err),
      onLeave: () => this.#memberships.delete(membership),
    });
    this.#memberships.add(membership);
    await membership.start();
    return membership;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#memberships].map(async (membership) => await membership[Symbol.asyncDispose]()));
    await this.#store[Symbol.asyncDispose]();
  }

  /** Warns, once for each, of totals smaller than this process's own. */
  #turnWatch(cluster: string, total: number): (turn: Turn) => void {
    let smallest = total;
    return (turn) => {
      this.#onAnswer();
      if (turn.total < total && turn.total !== smallest) {
        const facts = { cluster, own: total, smallest: turn.total };
        this.#logger.warn(
          facts,
          `processes disagree on the connections to a cluster: ${total} here, ${turn.total} elsewhere, which counts`,
        );
      }
      smallest = turn.total;
    };
  }

  #onFailure(err: unknown): void {
    if (!this.#isDown) this.#logger.warn({ err }, 'the register of shares does not answer: shares stay as they are until it does');
    this.#isDown = true;
  }

  #onAnswer(): void {
    if (this.#isDown) this.#logger.info('the register of shares answers again');
    this.#isDown = false;
  }
}
