import { z } from 'zod';
import { BackupsMissingError } from '../errors.ts';
import { recordingRefusals } from '../life/change-tenant.ts';
import type { LifeServices } from '../life/services.ts';
import { parseOrRefuse } from '../parse-or-refuse.ts';
import type { ProvisionFromBackup } from '../provisioning/provision-tenant.ts';
import { backUpTenant } from './back-up-tenant.ts';
import type { BackupOperations, RestoreBackupOptions } from './backup.ts';
import { demandBackup, findWhole } from './find-backup.ts';
import { removeCatalogued } from './remove-backup.ts';
import type { ProgressListeners } from './restore/progress-listeners.ts';
import { assertNotNewer, restoreInPlace } from './restore/restore-in-place.ts';
import { restoreAction, restoreSaga } from './restore/restore-saga.ts';
import { removeExpired } from './retention.ts';
import { backUpDue, backUpIfDue, findBackupsDue } from './schedule.ts';
import type { BackupServices } from './services.ts';
import { markingDamage, verifyCatalogued } from './verify-catalogued.ts';
import type { Actor, Tenant } from '../tenant.ts';

/** Backups that are dealt with in one sweep at most. */
const limitSchema = z.int('must be a whole number').min(1, 'must be at least 1');

export interface BackupOperationsOptions {
  /** Null in a process that has no store. */
  readonly services: BackupServices | null;
  readonly life: LifeServices;
  /** Makes a new tenant of a backup. */
  readonly provision: ProvisionFromBackup;
  readonly listeners: ProgressListeners;
}

export function openBackupOperations({ services: maybeServices, life, provision, listeners }: BackupOperationsOptions): BackupOperations {
  if (maybeServices) life.sagas.define(restoreSaga(life, maybeServices, listeners));

  function services(): BackupServices {
    if (!maybeServices) throw new BackupsMissingError();
    return maybeServices;
  }

  async function restoreBackup(backupId: string, actor: Actor, options: RestoreBackupOptions): Promise<Tenant> {
    const { into, idempotencyKey, onProgress } = options;
    const { id, tenantId } = await demandBackup(services().db, backupId);
    const request = { id: tenantId, action: restoreAction, actor };
    const whole = await recordingRefusals(request, life.catalog, async () => {
      const found = await markingDamage(id, services(), async () => await findWhole(id, services()));
      await assertNotNewer(found.manifest);
      return found;
    });
    const onSaga = (sagaId: string) => listeners.listen(sagaId, onProgress);
    if (into) return await provision(into, { actor, idempotencyKey, backupId: id, onSaga });
    return await restoreInPlace(request, whole, life, onSaga);
  }

  return {
    backUpTenant: async (id, actor, options = {}) => await backUpTenant(id, actor, options, services()),
    verifyBackup: async (backupId, actor, work = {}) => await verifyCatalogued(backupId, actor, services(), work),
    removeBackup: async (backupId, actor) => await removeCatalogued(backupId, actor, services()),
    restoreBackup: async (backupId, actor, options = {}) => await restoreBackup(backupId, actor, options),
    backUpDue: async (options, actor) => {
      const limit = parseOrRefuse(limitSchema, options.limit, 'limit');
      return maybeServices ? await backUpDue({ ...options, limit }, actor, maybeServices) : [];
    },
    findBackupsDue: async (limit) => (maybeServices ? await findBackupsDue(limit, maybeServices) : []),
    backUpIfDue: async (id, actor, work = {}) => await backUpIfDue(id, actor, services(), work),
    removeExpiredBackups: async (options, actor) => {
      const limit = parseOrRefuse(limitSchema, options.limit, 'limit');
      return maybeServices ? await removeExpired({ limit }, actor, maybeServices) : [];
    },
  };
}
