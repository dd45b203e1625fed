import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolFixture } from './fixture.ts';

export interface ConnectionWatch extends Disposable {
  /** The most connections that the server had at once. */
  readonly peak: number;
}

/** Milliseconds between looks at how many connections the server has. */
const intervalMs = 100;

export function watchConnections(fixture: PoolFixture): ConnectionWatch {
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

/** Waits until the server has ended what a process left that was killed. */
export async function noConnections(fixture: PoolFixture): Promise<void> {
  while ((await fixture.connections()) > 0) await sleep(intervalMs);
}
