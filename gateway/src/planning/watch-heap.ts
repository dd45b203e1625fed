import type { Worker } from 'node:worker_threads';

/** Milliseconds between two looks. */
const lookMs = 50;

/**
 * Looks at the heap of a thread again and again. V8 does not keep to a thread's own limit where it is passed by much at once, as by an
 * array that grows: it then ends the process.
 *
 * @param onExcess called when more than `maxBytes` are in use, garbage included
 * @returns what ends the looking
 */
export function watchHeap(worker: Worker, maxBytes: number, onExcess: () => void): Disposable {
  let isOver = false;
  let isLooking = false;
  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    const { used_heap_size: usedBytes } = await worker.getHeapStatistics();
    isLooking = false;
    if (!isOver && usedBytes > maxBytes) onExcess();
  };
  // A thread that has ended has no heap to look at.
  const looking = setInterval(() => void look().catch(() => {}), lookMs).unref();
  return {
    [Symbol.dispose]: () => {
      isOver = true;
      clearInterval(looking);
    },
  };
}
