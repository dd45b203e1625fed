import { createHash } from 'node:crypto';

/** The items in an order that looks random, and is always the same for the same `seed`. */
export function shuffle<Item>(items: readonly Item[], seed: string): Item[] {
  const rank = (index: number) => createHash('sha256').update(`${seed}:${index}`).digest('hex');
  const ranked = items.map((item, index) => ({ item, rank: rank(index) }));
  return ranked.toSorted((one, other) => (one.rank < other.rank ? -1 : 1)).map(({ item }) => item);
}
