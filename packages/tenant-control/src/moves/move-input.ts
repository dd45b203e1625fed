import { TenantTier } from '@tenantry/prisma/control';
import { z } from 'zod';

/** How a tenant's data gets to the other cluster. */
const moveWays = ['REPLICATION', 'DUMP'] as const;
export type MoveWay = (typeof moveWays)[number];

/** What is done: a move, or the end of one that is still open. */
const moveDeeds = ['MOVE', 'CONFIRM', 'REVERT'] as const;
export type MoveDeed = (typeof moveDeeds)[number];

/** What the saga starts from. */
const moveInput = z.object({
  deed: z.enum(moveDeeds),
  /** Cluster that the tenant leaves, or, to be confirmed, has left. */
  from: z.string(),
  /** Cluster where the tenant is to be, or, to be confirmed, is. */
  to: z.string(),
  way: z.enum(moveWays),
  /** Why it is this way. */
  reason: z.string(),
  /** Whether it has to be this way, whatever that takes. */
  isForced: z.boolean(),
  tier: z.object({ from: z.enum(TenantTier), to: z.enum(TenantTier) }),
  /** Whether the database that the tenant leaves is dropped in the end. */
  dropsOld: z.boolean(),
  /** Id of the saga of the open move that ends by this one. */
  ends: z.string().nullable(),
});

export type MoveSagaInput = z.output<typeof moveInput>;

export function parseMove(input: unknown): MoveSagaInput {
  return moveInput.parse(input);
}

/** What the steps of a move have found out, as far as they have come. */
const moveFacts = z.object({
  /** There was nothing of the tenant on the cluster where it is to be: whatever is there since was made by this saga. */
  isTargetOurs: z.boolean().exactOptional(),
  /** In place of the input's, where it turned out not to be possible. */
  way: z.enum(moveWays).exactOptional(),
  reason: z.string().exactOptional(),
  /** Tables of the source without a key that were given REPLICA IDENTITY FULL. */
  identifiedByAll: z.array(z.object({ schema: z.string(), name: z.string() })).exactOptional(),
  /** Milliseconds that the comparison of both copies took while the tenant was served. */
  rehearsalMs: z.number().exactOptional(),
  /** Of all tables, when they were last compared. */
  rows: z.number().exactOptional(),
  bytes: z.number().exactOptional(),
  verifiedBy: z.enum(['CHECKSUMS', 'COUNTS']).exactOptional(),
  /** When the tenant's requests began to wait, in milliseconds since the epoch. */
  pausedAt: z.number().exactOptional(),
  /** Milliseconds that they had to. */
  pauseMs: z.number().exactOptional(),
  /** Cluster where the database that the tenant left still is, closed: the move is open. */
  leftOn: z.string().exactOptional(),
});

export type MoveFacts = z.output<typeof moveFacts>;

export function parseMoveFacts(data: unknown): MoveFacts {
  return moveFacts.parse(data);
}
