import { HeavyHitters } from './heavy-hitters.ts';

export interface TopTenantsOptions {
  /** Tenants that get a label of their own. */
  size: number;
  /** Milliseconds of a clock that never goes back. */
  now: () => number;
}

/** What tenants without a label of their own are called. */
const otherTenants = 'other';

/** Tenants watched for each that has a label: the more, the surer it is that none with much traffic is missed. */
const watchedPerLabel = 20;
/** Milliseconds after which traffic weighs half. */
const halfLifeMs = 600_000;
/** Milliseconds between two changes of labels, at the least. */
const reconsiderMs = 10_000;
/** Milliseconds that a label is kept after its tenant lost it, so that every scraper sees its last values. */
const lingerMs = 120_000;
/** What a tenant's traffic must exceed to take another's label: a multiple of the other's, and some more. Else labels would flap. */
const takeover = { factor: 1.5, margin: 10 };

/**
 * Chooses the tenants that are named in metrics: those with the most traffic of late. All others share one label, so that the
 * number of labels does not grow with the number of tenants; it is twice {@link TopTenantsOptions.size} and one at most.
 *
 * A free label goes to the next tenant seen. Later, a tenant takes the label of one that has clearly less traffic.
 */
export class TopTenants {
  readonly #size: number;
  readonly #now: () => number;
  /** Tenants with a label, and their traffic. */
  readonly #labelled = new Map<string, { traffic: number }>();
  /** When tenants lost their label whose series are still there. */
  readonly #leaving = new Map<string, number>();
  readonly #others: HeavyHitters;
  #reconsideredAt: number;
  #halvedAt: number;

  constructor({ size, now }: TopTenantsOptions) {
    this.#size = size;
    this.#now = now;
    this.#others = new HeavyHitters(Math.max(1, watchedPerLabel * size));
    this.#reconsideredAt = -Infinity;
    this.#halvedAt = now();
  }

  /** The tenant's label: its id or {@link otherTenants}. */
  labelOf(tenantId: string): string {
    return this.#labelled.has(tenantId) ? tenantId : otherTenants;
  }

  /** Counts a piece of traffic, and returns the tenant's label. */
  count(tenantId: string): string {
    const labelled = this.#labelled.get(tenantId);
    if (labelled) {
      labelled.traffic += 1;
      return tenantId;
    }
    if (this.#labelled.size < this.#size) {
      this.#labelled.set(tenantId, { traffic: 1 });
      return tenantId;
    }
    this.#others.add(tenantId);
    return otherTenants;
  }

  /**
   * Lets tenants with much traffic take the labels of those with little. To be called at each scrape; often is not too often.
   *
   * @returns labels that are no longer in use, whose series are to be removed
   */
  reconsider(): string[] {
    const now = this.#now();
    if (now - this.#reconsideredAt < reconsiderMs) return [];
    this.#reconsideredAt = now;
    this.#decay(now);
    const gone = [...this.#leaving].filter(([, since]) => now - since >= lingerMs).map(([tenantId]) => tenantId);
    for (const tenantId of gone) this.#leaving.delete(tenantId);
    this.#exchange(now);
    return gone;
  }

  #decay(now: number): void {
    for (; now - this.#halvedAt >= halfLifeMs; this.#halvedAt += halfLifeMs) {
      this.#others.halve();
      for (const labelled of this.#labelled.values()) labelled.traffic /= 2;
    }
  }

  /** The strongest without a label against the weakest with one, the second strongest against the second weakest, and so on. */
  #exchange(now: number): void {
    const challengers = this.#others.surest();
    const weakest = [...this.#labelled].toSorted(([, a], [, b]) => a.traffic - b.traffic);
    for (const [place, [tenantId, { traffic }]] of weakest.entries()) {
      const challenger = challengers[place];
      if (!challenger || this.#leaving.size >= this.#size) return;
      const atLeast = challenger.count - challenger.error;
      if (atLeast <= takeover.factor * traffic + takeover.margin) return;
      this.#labelled.delete(tenantId);
      this.#leaving.set(tenantId, now);
      this.#others.replace(challenger.item, tenantId, Math.ceil(traffic));
      this.#labelled.set(challenger.item, { traffic: atLeast });
      this.#leaving.delete(challenger.item);
    }
  }
}
