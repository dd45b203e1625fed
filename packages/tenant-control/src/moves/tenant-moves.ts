import type { Actor, Tenant } from '../tenant.ts';
import type { ConfirmDueOptions, MoveOptions, Moves } from './moves.ts';
import type { MoveInput } from './wishes.ts';

/**
 * How tenants get to another cluster. Who asks for what is under way already joins it. They throw {TenantNotFoundError},
 * {TenantInTransitionError}, {ClusterMissingError} and {TenantChangeError}, after which the message says what has become of it.
 */
export interface TenantMoves {
  /**
   * Moves the tenant's database to another cluster while it is served: its requests wait for a moment only, and nothing that was written is
   * lost. If that fails, it stays where it is. The old database is kept, closed to everybody, until the move is confirmed or reverted.
   *
   * @throws {UnknownClusterError} {MoveRefusedError} {IllegalTransitionError} {MoveOpenError} {TenantUnavailableError}
   */
  moveTenant(id: string, input: MoveInput, actor: Actor, options?: MoveOptions): Promise<Tenant>;
  /** Drops the database that the tenant has left, and its roles there: there is no way back. @throws {NoOpenMoveError} */
  confirmMove(id: string, actor: Actor): Promise<Tenant>;
  /**
   * Moves the tenant back to where it was, with all that was written since, and leaves nothing where it is now.
   *
   * @throws {NoOpenMoveError} {MoveRefusedError} {IllegalTransitionError} {TenantUnavailableError}
   */
  revertMove(id: string, actor: Actor, options?: MoveOptions): Promise<Tenant>;
  /** Confirms the moves that could be reverted for long enough. @returns ids of their tenants @throws {BadInputError} */
  confirmMovesDue(options: ConfirmDueOptions, actor: Actor): Promise<string[]>;
}

export function openTenantMoves(moves: Moves): TenantMoves {
  return {
    moveTenant: async (id, input, actor, options) => await moves.move(id, input, actor, options),
    confirmMove: async (id, actor) => await moves.confirm(id, actor),
    revertMove: async (id, actor, options) => await moves.revert(id, actor, options),
    confirmMovesDue: async (options, actor) => await moves.confirmDue(options, actor),
  };
}
