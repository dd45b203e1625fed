/** Where a supergraph comes from. */
export interface SupergraphSource {
  /** Names the place in logs and errors. */
  readonly origin: string;
  /** Milliseconds between reads; null for a supergraph that never changes. */
  readonly pollMs: number | null;
  /**
   * @returns SDL; null when there is nothing else than was read last
   * @throws {SupergraphError} when there is nothing to be read, which may pass
   */
  read(signal?: AbortSignal): Promise<string | null>;
}

/** Bytes of a supergraph at most. */
export const maxSupergraphBytes = 16 * 1024 * 1024;
