import type { TenantStatus, TenantTier } from '@tenantry/prisma/control';
import { MoveOpenError, MoveRefusedError, NoOpenMoveError } from '../errors.ts';
import { assertAllows, assertNotDeleted, type LockedTenant } from '../life/locked-tenant.ts';
import { parseMove, type MoveDeed, type MoveSagaInput, type MoveWay } from './move-input.ts';
import type { OpenMove } from './open-move.ts';
import type { ChosenWay } from './plan/choose-way.ts';

export interface MoveInput {
  /** Name of the cluster where the tenant is to be. */
  readonly cluster: string;
  /** The tier that it has from then on. Default: the one that it has. */
  readonly tier?: TenantTier | null | undefined;
  /** How its data gets there. Default: by replication where that is possible, else by a copy while its writes are paused. */
  readonly way?: 'replication' | 'dump' | null | undefined;
  /** Whether the old database is dropped at once, so that there is no way back. Default false: once the move is confirmed. */
  readonly confirm?: boolean | null | undefined;
}

/** What is asked for. */
export interface Wish {
  readonly deed: MoveDeed;
  /** Name of the cluster; null where that follows from the open move. */
  readonly to: string | null;
  /** Null for the best one. */
  readonly way: MoveWay | null;
  /** What comes of it, with the tenant as it is. What is thrown changes nothing, and a {ConflictError} is on record. */
  readonly decide: (tenant: LockedTenant, open: OpenMove | null) => Planned;
}

/** A move but for the way that it is made. */
export type Planned = Omit<MoveSagaInput, keyof ChosenWay>;

const ways = { replication: 'REPLICATION', dump: 'DUMP' } as const satisfies Record<string, MoveWay>;

export function wishToMove({ cluster: to, tier, way, confirm }: MoveInput): Wish {
  const forced = way == null ? null : ways[way];
  const decide: Wish['decide'] = (tenant, open) => {
    const { slug, clusterName: from } = tenant;
    if (open) throw new MoveOpenError(slug, open.leftOn);
    assertMovable(tenant, to);
    if (from === to) throw new MoveRefusedError(slug, to, 'it is there already; to change its tier there, use changeTier');
    const tiers = { from: tenant.tier, to: tier ?? tenant.tier };
    return { deed: 'MOVE', from, to, isForced: forced !== null, tier: tiers, dropsOld: confirm ?? false, ends: null };
  };
  return { deed: 'MOVE', to, way: forced, decide };
}

export const wishToConfirm: Wish = {
  deed: 'CONFIRM',
  to: null,
  way: null,
  decide: (tenant, open) => {
    assertNotDeleted(tenant);
    const { sagaId: ends, leftOn: from } = demandOpen(tenant, open);
    const tier = { from: tenant.tier, to: tenant.tier };
    return { deed: 'CONFIRM', from, to: tenant.clusterName, isForced: true, tier, dropsOld: true, ends };
  },
};

/** Of the tier, what the move has changed is changed back; one that the tenant was given since stays. */
export const wishToRevert: Wish = {
  deed: 'REVERT',
  to: null,
  way: null,
  decide: (tenant, open) => {
    const { sagaId: ends, leftOn: to, input } = demandOpen(tenant, open);
    assertMovable(tenant, to);
    const { tier: moved } = parseMove(input);
    const tier = { from: tenant.tier, to: tenant.tier === moved.to ? moved.from : tenant.tier };
    return { deed: 'REVERT', from: tenant.clusterName, to, isForced: false, tier, dropsOld: true, ends };
  },
};

/** What to do about a status before a tenant can be moved. */
const remedies: Partial<Record<TenantStatus, string>> = {
  SUSPENDED: 'resume it first',
  HIBERNATED: 'wake it first',
  FAILED: 'see what "tenantry doctor" says of it',
};

/** @throws {MoveRefusedError} when something can be done about it, else {IllegalTransitionError} */
function assertMovable(tenant: LockedTenant, to: string): void {
  const { [tenant.status]: remedy } = remedies;
  if (remedy !== undefined) throw new MoveRefusedError(tenant.slug, to, `it is ${tenant.status}; ${remedy}`);
  assertAllows(tenant, 'migrate');
}

function demandOpen({ slug }: LockedTenant, open: OpenMove | null): OpenMove {
  if (!open) throw new NoOpenMoveError(slug);
  return open;
}
