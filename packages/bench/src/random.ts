/** A number from 0 to 1, excluding 1. */
export type Random = () => number;

/** Numbers that are the same in each run of one seed (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Draws indices below `count` by Zipf's law: index i comes with a weight of 1 / (i + 1) ** exponent. */
export function zipf(count: number, exponent: number, random: Random): () => number {
  let total = 0;
  const cumulative = Float64Array.from({ length: count }, (_, index) => (total += 1 / (index + 1) ** exponent));
  return () => {
    const at = random() * total;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((cumulative[middle] ?? 0) > at) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
