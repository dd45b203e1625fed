import { setTimeout as sleep } from 'node:timers/promises';

/** Bytes that this process uses. */
export interface MemoryUse {
  /** Resident set: what the machine gives up for the process. */
  rss: number;
  /** Live objects of JavaScript. */
  heap: number;
  /** Buffers and WebAssembly, which V8 keeps outside its heap. */
  external: number;
}

const collections = 3;
const pauseMs = 100;

/** What is left after everything that is garbage was collected. Needs `--expose-gc`. */
export async function settledMemory(): Promise<MemoryUse> {
  const { gc } = globalThis;
  if (!gc) throw new Error('Run this process with --expose-gc.');
  for (let done = 0; done < collections; done += 1) {
    gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    await sleep(pauseMs);
  }
  const { rss, heapUsed: heap, external } = process.memoryUsage();
  return { rss, heap, external };
}

export function growth(from: MemoryUse, to: MemoryUse): MemoryUse {
  return { rss: to.rss - from.rss, heap: to.heap - from.heap, external: to.external - from.external };
}
