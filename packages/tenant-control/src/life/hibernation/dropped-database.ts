import { dropDatabase, isWhole, makeEmptyDatabase } from '../../tenant-databases/database.ts';
import { admitLogin } from '../../tenant-databases/login.ts';
import type { TenantWork } from '../tenant-work.ts';

export async function dropOwnDatabase(work: TenantWork): Promise<void> {
  if (await work.hasDatabase()) await dropDatabase(await work.session(), work.tenant.databaseName);
}

/** Puts the tenant's last backup into a database made for it, in place of what an earlier attempt has made. */
export async function restoreOwnDatabase(work: TenantWork): Promise<void> {
  const { databaseName, loginName } = work.tenant;
  await dropOwnDatabase(work);
  await makeEmptyDatabase(await work.session(), work.tenant, work.middle);
  await work.backups.restoreHibernated(work.tenant.id);
  await admitLogin(await work.session(), databaseName, loginName);
}

/** Whether the tenant's database is there as it was, and not in the middle of being dropped. */
export async function hasWholeDatabase(work: TenantWork): Promise<boolean> {
  return (await work.hasDatabase()) && (await isWhole(await work.session(), work.tenant.databaseName));
}
