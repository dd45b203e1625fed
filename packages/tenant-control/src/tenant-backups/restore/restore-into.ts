import type { RestoreInto } from '../../provisioning/provisioning-context.ts';
import type { BackupServices } from '../services.ts';
import { bringUpToDate, compareDatabase, fillDatabase } from './fill-database.ts';
import type { ProgressListeners } from './progress-listeners.ts';

/** For provisionings that begin with a backup. */
export function restoreInto(services: Pick<BackupServices, 'db' | 'store'>, listeners: ProgressListeners): RestoreInto {
  return async (backupId, { admin, database, saga }) => {
    const work = { signal: saga.signal, onProgress: listeners.of(saga.id) };
    await fillDatabase(admin, database, backupId, services, work);
    await compareDatabase(admin, database, backupId, services, work);
    await bringUpToDate(admin, database);
  };
}
