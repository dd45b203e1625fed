import { z } from 'zod';
import { median } from '../statistics.ts';

/** One block's figure for each of two that are compared. */
export const pairSchema = z.object({ bare: z.number(), contender: z.number() });
export type Pair = z.infer<typeof pairSchema>;

type Query = () => Promise<unknown>;

export interface InterleavedOptions {
  query: { bare: Query; contender: Query };
  blocks: number;
  /** Queries of each in a block. */
  queries: number;
  onBlock: (block: number) => void;
}

/**
 * Measures two by turns, each first half of the time, so that what else the machine does meets both. The first of several blocks, in
 * which V8 optimises and connections open, does not count.
 */
export async function interleaved(
  measure: (query: Query, count: number) => Promise<number>,
  { query, blocks, queries, onBlock }: InterleavedOptions,
): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let block = 0; block < blocks; block += 1) {
    onBlock(block);
    const [first, second] = block % 2 === 0 ? (['bare', 'contender'] as const) : (['contender', 'bare'] as const);
    const pair = { bare: 0, contender: 0 };
    pair[first] = await measure(query[first], queries);
    pair[second] = await measure(query[second], queries);
    pairs.push(pair);
  }
  return pairs.length > 1 ? pairs.slice(1) : pairs;
}

/** Milliseconds of one query, one at a time. */
export async function medianLatency(query: Query, count: number): Promise<number> {
  const times: number[] = [];
  for (let done = 0; done < count; done += 1) {
    const start = performance.now();
    await query();
    times.push(performance.now() - start);
  }
  return median(times);
}

/** Microseconds of CPU that this process spends on one query: does not depend on what else the machine does. */
export async function cpuTime(query: Query, count: number): Promise<number> {
  const before = process.cpuUsage();
  for (let done = 0; done < count; done += 1) await query();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

/** Queries per second, `parallel` at a time. */
export const throughput = (parallel: number) => async (query: Query, count: number) => {
  let left = count;
  const start = performance.now();
  const worker = async () => {
    for (; left > 0;) {
      left -= 1;
      await query();
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return (count * 1000) / (performance.now() - start);
};
