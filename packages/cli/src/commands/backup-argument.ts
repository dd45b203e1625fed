import type { Backup, Tenant } from '@tenantry/tenant-control';
import { NoSuchBackupError, NoSuchTenantError } from '../errors.ts';
import type { Session } from '../session.ts';

/** @throws {NoSuchBackupError} */
export async function findBackup(session: Session, id: string): Promise<Backup> {
  const backup = await session.catalog().findBackup(id);
  if (!backup) throw new NoSuchBackupError(id);
  return backup;
}

/** A backup, and whose it is. @throws {NoSuchBackupError} */
export async function findBackupWithTenant(session: Session, id: string): Promise<{ backup: Backup; tenant: Tenant }> {
  const backup = await findBackup(session, id);
  const [tenant] = await session.catalog().findTenants([backup.tenantId]);
  if (!tenant) throw new NoSuchTenantError(backup.tenantId);
  return { backup, tenant };
}
