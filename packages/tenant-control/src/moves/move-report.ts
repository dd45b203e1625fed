import type { SagaKind } from '@tenantry/prisma/control';
import { parseMove, parseMoveFacts, type MoveDeed, type MoveWay } from './move-input.ts';

/** What became of a move, as an operator sees it. */
export type MoveReport = {
  readonly deed: MoveDeed;
  /** Names of clusters. */
  readonly from: string;
  readonly to: string;
  /** Null for what copies nothing. */
  readonly way: MoveWay | null;
  /** Why it was this way. */
  readonly reason: string | null;
  /** Of all tables, when both copies were last compared; null before. */
  readonly rows: number | null;
  readonly bytes: number | null;
  /** By what both copies were compared while the tenant's writes were paused; null before. */
  readonly verifiedBy: 'CHECKSUMS' | 'COUNTS' | null;
  /** Milliseconds that the tenant's requests had to wait; null before that was over. */
  readonly pauseMs: number | null;
  /** Whether the database that the tenant left is still there, closed, so that it can be reverted or confirmed. */
  readonly isOpen: boolean;
};

/** @returns null for a change that is no move */
export function reportMove({ kind, input, data }: { kind: SagaKind; input: unknown; data: unknown }): MoveReport | null {
  if (kind !== 'MOVE') return null;
  const { deed, from, to, ...planned } = parseMove(input);
  const { way = planned.way, reason = planned.reason, rows = null, bytes = null, ...facts } = parseMoveFacts(data);
  const { verifiedBy = null, pauseMs = null, leftOn } = facts;
  const copies = deed === 'CONFIRM' ? { way: null, reason: null } : { way, reason };
  return { deed, from, to, ...copies, rows, bytes, verifiedBy, pauseMs, isOpen: leftOn !== undefined };
}
