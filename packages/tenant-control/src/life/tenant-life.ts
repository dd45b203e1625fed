import type { TenantTier } from '@tenantry/prisma/control';
import type { Actor, Tenant } from '../tenant.ts';
import { changeStatus } from './change-status.ts';
import { changeTier } from './change-tier.ts';
import { deleteTenant, restoreTenant, type DeleteOptions } from './delete-tenant.ts';
import { hibernateTenant, type HibernateOptions } from './hibernation/hibernate-tenant.ts';
import { hibernationSaga } from './hibernation/hibernation-saga.ts';
import { purgeSaga } from './purge/purge-saga.ts';
import { purgeTenant, type PurgeOptions } from './purge/purge-tenant.ts';
import { renameTenant, type RenameInput } from './rename-tenant.ts';
import type { LifeServices } from './services.ts';
import { hibernateIdle, purgeDue, type IdleOptions, type SweepOptions } from './sweeps.ts';
import { wakeTenant } from './waking/wake-tenant.ts';
import { wakingSaga } from './waking/waking-saga.ts';

/**
 * What becomes of a tenant between its provisioning and its end. Every method may be repeated: what is as asked for already stays as it is
 * and everybody is told again. They throw {TenantNotFoundError}, {ChangeNotAnnouncedError} and, where the tenant's status or another change
 * stands against it, a {ConflictError}, which is on record.
 */
export interface TenantLife {
  /** From now on nobody reaches the tenant's data. @throws {IllegalTransitionError} */
  suspendTenant(id: string, actor: Actor): Promise<Tenant>;
  /** Undoes {@link suspendTenant}. @throws {IllegalTransitionError} */
  resumeTenant(id: string, actor: Actor): Promise<Tenant>;
  /** Nothing is interrupted; the old slug is free. @throws {BadInputError} {SlugTakenError} {TenantDeletedError} */
  renameTenant(id: string, input: RenameInput, actor: Actor): Promise<Tenant>;
  /** Gives the tenant another tier on its cluster. @throws {TenantDeletedError} */
  changeTier(id: string, tier: TenantTier, actor: Actor): Promise<Tenant>;
  /**
   * From now on nobody reaches the tenant's data; after `purgeAfter`, nothing is left of it.
   *
   * @throws {BadInputError} {IllegalTransitionError} {TenantInTransitionError}
   */
  deleteTenant(id: string, actor: Actor, options?: DeleteOptions): Promise<Tenant>;
  /** Undoes {@link deleteTenant}, until the purge has begun. @throws {IllegalTransitionError} {TenantInTransitionError} */
  restoreTenant(id: string, actor: Actor): Promise<Tenant>;
  /**
   * Leaves nothing of a deleted tenant but its id. What fails is tried again until it succeeds.
   *
   * @throws {IllegalTransitionError} {PurgeTooEarlyError} {TenantInTransitionError} {TenantChangeError}
   */
  purgeTenant(id: string, actor: Actor, options?: PurgeOptions): Promise<Tenant>;
  /** Purges the deleted tenants whose days of grace are over. @returns their ids @throws {BadInputError} */
  purgeDue(options: SweepOptions, actor: Actor): Promise<string[]>;
  /**
   * Puts the tenant to sleep until it is asked for; if that fails, it is served as before.
   *
   * @throws {IllegalTransitionError} {BackupsMissingError} {TenantInTransitionError} {TenantChangeError}
   */
  hibernateTenant(id: string, actor: Actor, options?: HibernateOptions): Promise<Tenant>;
  /** Puts the tenants to sleep that were not asked for in `idleDays`. @returns their ids @throws {BadInputError} */
  hibernateIdle(options: IdleOptions, actor: Actor): Promise<string[]>;
  /** Wakes the tenant; if that fails, it hibernates on. @throws {IllegalTransitionError} {TenantInTransitionError} {TenantChangeError} */
  wakeTenant(id: string, actor: Actor): Promise<Tenant>;
}

export function openTenantLife(services: LifeServices): TenantLife {
  for (const define of [hibernationSaga, wakingSaga, purgeSaga]) services.sagas.define(define(services));
  return {
    suspendTenant: async (id, actor) => await changeStatus(id, 'suspend', actor, services),
    resumeTenant: async (id, actor) => await changeStatus(id, 'resume', actor, services),
    renameTenant: async (id, input, actor) => await renameTenant(id, input, actor, services),
    changeTier: async (id, tier, actor) => await changeTier(id, tier, actor, services),
    deleteTenant: async (id, actor, options = {}) => await deleteTenant(id, actor, options, services),
    restoreTenant: async (id, actor) => await restoreTenant(id, actor, services),
    purgeTenant: async (id, actor, options = {}) => await purgeTenant(id, actor, options, services),
    purgeDue: async (options, actor) => await purgeDue(options, actor, services),
    hibernateTenant: async (id, actor, options = {}) => await hibernateTenant(id, actor, options, services),
    hibernateIdle: async (options, actor) => await hibernateIdle(options, actor, services),
    wakeTenant: async (id, actor) => await wakeTenant(id, actor, services),
  };
}
