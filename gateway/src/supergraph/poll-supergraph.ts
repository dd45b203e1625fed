import { elapsed } from './elapsed.ts';
import type { SupergraphSource } from './supergraph-source.ts';

export interface PollOptions {
  source: SupergraphSource;
  /** Takes each supergraph that is read; the next read waits for it. Must not reject. */
  onSupergraph: (composedSdl: string) => Promise<void>;
  /** Told of each read that failed. */
  onFailure: (error: unknown) => void;
}

/** Share of the time between reads that is left to chance, so that a fleet of gateways does not ask all at once. */
const jitter = 0.2;

/** Reads a source again and again, until it is disposed of. A source that never changes is not read. */
export function pollSupergraph({ source, onSupergraph, onFailure }: PollOptions): AsyncDisposable {
  const stop = new AbortController();
  const running = source.pollMs === null ? null : poll(source.pollMs);

  async function poll(pollMs: number): Promise<void> {
    while (await elapsed(pollMs * (1 - jitter * Math.random()), stop.signal)) {
      try {
        const composedSdl = await source.read(stop.signal);
        if (composedSdl !== null) await onSupergraph(composedSdl);
      } catch (error) {
        if (!stop.signal.aborted) onFailure(error);
      }
    }
  }

  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await running;
    },
  };
}
