import { differences, fingerprintDatabase } from '../../backups/fingerprint.ts';
import { asOwner } from '../../credentials/as-owner.ts';
import { openDatabase } from '../../tenant-databases/closing.ts';
import { findCatalogued } from '../backup-list.ts';
import { findWhole } from '../find-backup.ts';
import { backUpWithin } from '../write-backup.ts';
import { drop } from './beside-steps.ts';
import type { RestoreStep, RestoreWork } from './restore-work.ts';

/** The tenant was served while the backup was restored: what was written meanwhile is in another backup, if anything was. */
export const remainderStep: RestoreStep = {
  name: 'remainder',
  run: async (work) => {
    if (!(await work.has('replaced'))) return;
    const { databaseName } = work.database('replaced');
    await openDatabase(await work.session(), databaseName);
    if (await isKept(work)) return;
    const { id } = await backUpWithin({ ...work.tenantWork.tenant, databaseName }, 'RESTORE', work.services, work.long);
    await work.remember({ keptBackupId: id });
  },
  undo: async () => {},
};

export const dropStep: RestoreStep = {
  name: 'drop',
  run: async (work) => await drop(work, 'replaced'),
  undo: async () => {},
};

async function isKept(work: RestoreWork): Promise<boolean> {
  const { services, facts, long, tenantWork } = work;
  const kept = facts.keptBackupId === undefined ? null : await findCatalogued(services.db, facts.keptBackupId);
  if (kept?.state !== 'DONE') return false;
  const { manifest } = await findWhole(kept.id, services, long.signal);
  const found = await asOwner(
    tenantWork.cluster.admin,
    work.database('replaced'),
    async (url) => await fingerprintDatabase({ url, ...long }),
  );
  return differences(found, manifest).length === 0;
}
