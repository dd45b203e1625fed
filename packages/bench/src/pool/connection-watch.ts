import { setTimeout as sleep } from 'node:timers/promises';
import { LeftConnectionsError } from '../errors.ts';
import type { PoolFixture } from './fixture.ts';

type Connections = Pick<PoolFixture, 'connections'>;

export interface ConnectionWatch extends Disposable {
  /** The most connections that the server had at once. */
  readonly peak: number;
}

/** Milliseconds between looks at how many connections the server has. */
const intervalMs = 100;
/** Milliseconds that the server gets to notice that a process was killed. */
const defaultDeadlineMs = 30_000;

export function watchConnections(fixture: Connections): ConnectionWatch {
  let peak = 0;
  const look = async () => {
    peak = Math.max(peak, await fixture.connections());
  };
  const timer = setInterval(() => void look().catch(() => {}), intervalMs);
  return {
    get peak() {
      return peak;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/**
 * Waits until the server has ended what a process left that was killed.
 *
 * @throws {LeftConnectionsError} when it has not within the deadline
 * @throws the reason of `signal` when that aborts
 */
export async function noConnections(fixture: Connections, signal: AbortSignal, deadlineMs = defaultDeadlineMs): Promise<void> {
  const start = performance.now();
  for (;;) {
    signal.throwIfAborted();
    const left = await fixture.connections();
    if (left === 0) return;
    if (performance.now() - start > deadlineMs) throw new LeftConnectionsError(`${left} connections stay open after their process.`);
    await sleep(intervalMs);
  }
}
