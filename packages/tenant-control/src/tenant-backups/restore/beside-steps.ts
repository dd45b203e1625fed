import { closeDatabase, openDatabase } from '../../tenant-databases/closing.ts';
import { admitLogin } from '../../tenant-databases/login.ts';
import { dropDatabase, makeEmptyDatabase } from '../../tenant-databases/database.ts';
import { verifyDatabase } from '../../tenant-databases/verification.ts';
import { backUpWithin } from '../write-backup.ts';
import { bringUpToDate, compareDatabase, fillDatabase } from './fill-database.ts';
import type { RestoreSpot, RestoreStep, RestoreWork } from './restore-work.ts';

/** While there is nothing to undo: what cannot be backed up is not given up. */
export const backupStep: RestoreStep = {
  name: 'backup',
  run: async (work) => {
    const { tenantWork, services, long, facts } = work;
    if (facts.keptBackupId !== undefined) return;
    const { hadDatabase = await work.has('place') } = facts;
    await work.remember({ hadDatabase });
    if (!hadDatabase) return;
    const { id } = await backUpWithin(tenantWork.tenant, 'RESTORE', services, long);
    await work.remember({ keptBackupId: id });
  },
  // It is one more backup.
  undo: async () => {},
};

/** Into a database beside the tenant's; one that an earlier attempt has made is made anew. */
export const restoreStep: RestoreStep = {
  name: 'restore',
  run: async (work) => {
    const { tenantWork, services, backupId, long } = work;
    await drop(work, 'restored');
    const database = work.database('restored');
    await makeEmptyDatabase(await work.session(), database, tenantWork.middle);
    await fillDatabase(tenantWork.cluster.admin, database, backupId, services, long);
  },
  undo: async (work) => await drop(work, 'restored'),
};

/** Before anything newer than the backup is applied. */
export const comparisonStep: RestoreStep = {
  name: 'comparison',
  run: async (work) => {
    await compareDatabase(work.tenantWork.cluster.admin, work.database('restored'), work.backupId, work.services, work.long);
  },
  undo: async () => {},
};

/** The newest schema, and the tenant's login: from here on the database is fit to be the tenant's, and nobody is in it. */
export const migrationStep: RestoreStep = {
  name: 'migration',
  run: async (work) => {
    const { admin } = work.tenantWork.cluster;
    const database = work.database('restored');
    const { databaseName } = database;
    await openDatabase(await work.session(), databaseName);
    await bringUpToDate(admin, database);
    const { roleName: loginName, password } = work.tenantWork.login();
    if (loginName !== database.roleName) await admitLogin(await work.session(), databaseName, loginName);
    await admin.as({ role: loginName, password }, databaseName, verifyDatabase);
    // Now rather than while the tenant's requests wait: a database that somebody is in cannot be renamed.
    await closeDatabase(await work.session(), databaseName);
  },
  undo: async () => {},
};

export async function drop(work: RestoreWork, spot: Exclude<RestoreSpot, 'place'>): Promise<void> {
  if (await work.has(spot)) await dropDatabase(await work.session(), work.database(spot).databaseName);
}
