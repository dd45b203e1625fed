/** An item as the sketch knows it: it occurred at least `count - error` and at most `count` times. */
export interface Hitter {
  readonly item: string;
  count: number;
  error: number;
}

/**
 * Finds the items that are frequent in a stream, in memory that does not grow with the number of items: Space-Saving
 * (A. Metwally, D. Agrawal, A. El Abbadi, "Efficient Computation of Frequent and Top-k Elements in Data Streams", ICDT 2005).
 * An item that makes up more than 1/capacity of the stream is always among those it knows.
 */
export class HeavyHitters {
  readonly #capacity: number;
  readonly #hitters = new Map<string, Hitter>();
  /** The lowest count when it was last sought, and those that had it and have not been taken. */
  #lowest = 0;
  #least: Hitter[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Items known, `capacity` at most. */
  get size(): number {
    return this.#hitters.size;
  }

  /** Counts an occurrence. An item that is not known takes the place of the least frequent one. */
  add(item: string): void {
    const known = this.#hitters.get(item);
    if (known) known.count += 1;
    else this.#hitters.set(item, { item, ...this.#vacate() });
  }

  /** Puts an item with its count in the place of another. */
  replace(item: string, by: string, count: number): void {
    this.#hitters.delete(item);
    this.#hitters.set(by, { item: by, count, error: 0 });
  }

  /** Halves all counts, so that what was long ago weighs less. They stay whole numbers and bounds. */
  halve(): void {
    for (const hitter of this.#hitters.values()) {
      const atLeast = Math.floor((hitter.count - hitter.error) / 2);
      hitter.count = Math.ceil(hitter.count / 2);
      hitter.error = hitter.count - atLeast;
    }
    this.#lowest = Math.ceil(this.#lowest / 2);
  }

  /** The items known, the surest first: by how often they occurred at least. */
  surest(): Hitter[] {
    return [...this.#hitters.values()].toSorted((a, b) => b.count - b.error - (a.count - a.error));
  }

  /** Makes room. */
  #vacate(): { count: number; error: number } {
    if (this.#hitters.size < this.#capacity) return { count: 1, error: 0 };
    const { item, count } = this.#takeLeast();
    this.#hitters.delete(item);
    return { count: count + 1, error: count };
  }

  /** All that share the lowest count are sought at once; one that has been counted or replaced since is passed over. */
  #takeLeast(): Hitter {
    for (let least = this.#least.pop(); least; least = this.#least.pop()) {
      if (least.count === this.#lowest && this.#hitters.get(least.item) === least) return least;
    }
    const hitters = [...this.#hitters.values()];
    this.#lowest = Math.min(...hitters.map(({ count }) => count));
    this.#least = hitters.filter(({ count }) => count === this.#lowest);
    return this.#takeLeast();
  }
}
