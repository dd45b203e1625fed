/** Somebody who waits for turns; of two that always wait, one of twice the weight gets twice as many. */
export interface QueueParty {
  readonly weight: number;
}

/**
 * Who waits for a turn, in the order of self-clocked fair queueing (Golestani, "A Self-Clocked Fair Queueing Scheme for Broadband
 * Applications", INFOCOM 1994): a turn ends, by a virtual clock, `1 / weight` after the turn that was last given when its party began to
 * wait, and the turn that ends first comes first. So no party waits forever, whatever the others' weights, and one that was away has
 * saved nothing up.
 */
export class FairQueue<Party extends QueueParty> {
  readonly #ends = new Map<Party, number>();
  /** When the turn ends that was last given; never goes back, as whoever begins to wait ends after it. */
  #clock = 0;

  get size(): number {
    return this.#ends.size;
  }

  /** Has the party wait for one turn, if it does not already. */
  add(party: Party): void {
    this.#ends.set(party, this.#endOf(party));
  }

  /** The party gives up waiting, and keeps nothing of it. */
  delete(party: Party): void {
    this.#ends.delete(party);
  }

  /** Whose turn is next; of equals, who came first. */
  first(): Party | undefined {
    let [first, firstEnd]: [Party | undefined, number] = [undefined, Infinity];
    for (const [party, end] of this.#ends) if (end < firstEnd) [first, firstEnd] = [party, end];
    return first;
  }

  /** Whose turn were next if `party` waited, too. */
  firstWith(party: Party): Party {
    const first = this.first();
    return first === undefined || this.#endOf(party) < this.#endOf(first) ? party : first;
  }

  /** The party has a turn, and no longer waits for it. */
  take(party: Party): void {
    this.#clock = this.#endOf(party);
    this.#ends.delete(party);
  }

  /** When the turn ends that the party waits for, or would wait for if it began to now. */
  #endOf(party: Party): number {
    return this.#ends.get(party) ?? this.#clock + 1 / party.weight;
  }
}
