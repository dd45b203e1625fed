/** How long a move lets a tenant's requests wait. */
export interface MovePatience {
  /**
   * Milliseconds that requests under way get to end, once no other is let in. What goes on for longer is cut off and may be tried again.
   * Default 3000: less than a request waits for its tenant.
   */
  readonly drainMs: number;
  /** Milliseconds without a statement after which nothing is under way any more, though sessions stay open. Default 250. */
  readonly quietMs: number;
  /** Milliseconds that the last writes get to be replicated while all wait; after that the tenant stays where it is. Default 5000. */
  readonly replayMs: number;
  /**
   * Milliseconds up to which checksums of both copies are compared while all wait: as long as they took before. What takes longer is
   * compared by checksums before, and by its numbers of rows while all wait. Default 500.
   */
  readonly checksumMs: number;
}

export const defaultMovePatience: MovePatience = { drainMs: 3000, quietMs: 250, replayMs: 5000, checksumMs: 500 };
