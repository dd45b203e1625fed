import { z } from 'zod';
import { isAlive, type Claims, type ClaimsChange, type Pulse } from './claims.ts';

/** A place that all processes reach, and that changes a cluster's claims atomically. Its calls settle within seconds. */
export interface ClaimStore extends AsyncDisposable {
  /** Whether it keeps what it was given for good: where it has no claims on a cluster, nobody uses the cluster. */
  readonly isDurable: boolean;
  /** Notes a sign of `member`, and says what is stored of a cluster. */
  hear(cluster: string, member: string): Promise<StoredClaims>;
  /** Stores other claims where those that were read still are. */
  swap(cluster: string, swap: ClaimsSwap): Promise<boolean>;
  /** Has `listener` called with each cluster of which there is news, or with null when word of some may have been lost. */
  onNews(listener: (cluster: string | null) => void): void;
}

export interface StoredClaims {
  /** Null where there are none. */
  readonly claims: string | null;
  /** With the sign that was just given. */
  readonly pulse: Pulse;
}

export interface ClaimsSwap {
  /** What was read. */
  readonly from: string | null;
  readonly to: string;
  /** Members whose signs are of no more use. */
  readonly gone: readonly string[];
  /** Whether all who listen are told. */
  readonly isNews: boolean;
}

/** Milliseconds, at most, before another try after somebody else was quicker. */
const retryMs = 20;

/** Changes a cluster's claims atomically: `change` is asked anew as often as another process was quicker. */
export async function changeClaims<Change extends ClaimsChange>(
  store: ClaimStore,
  cluster: string,
  member: string,
  change: (claims: Claims, pulse: Pulse) => Change,
): Promise<Change> {
  for (;;) {
    const { claims: from, pulse } = await store.hear(cluster, member);
    const changed = change(parseClaims(from, pulse.now, store.isDurable), pulse);
    if (changed.effect === 'none') return changed;
    const members = new Set(changed.claims.members.map(({ id }) => id));
    const gone = Object.keys(pulse.heardAt).filter((id) => !members.has(id) && (id === member || !isAlive(id, pulse)));
    const swap = { from, to: JSON.stringify(changed.claims), gone, isNews: changed.effect === 'news' };
    if (await store.swap(cluster, swap)) return changed;
    await new Promise((resolve) => setTimeout(resolve, retryMs * Math.random()).unref());
  }
}

const count = z.int().min(0);
const claimsSchema = z.object({
  version: count,
  members: z.array(z.object({ id: z.string(), claim: count, total: z.int().min(1) })),
  areComplete: z.boolean(),
});

function parseClaims(stored: string | null, now: number, isDurable: boolean): Claims {
  // Above all versions that there were, should there have been any.
  if (stored === null) return { version: now, members: [], areComplete: isDurable };
  return claimsSchema.parse(JSON.parse(stored));
}
