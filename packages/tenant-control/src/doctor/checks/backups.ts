import { Prisma } from '@tenantry/prisma/control';
import { settleAbandoned } from '../../tenant-backups/abandoned-backups.ts';
import { isSleptOn } from '../../tenant-backups/needed-backups.ts';
import { findOverdue } from '../../tenant-backups/schedule.ts';
import { isUnwritten } from '../../tenant-backups/writers-lock.ts';
import type { Checkup } from '../checkup.ts';
import type { Finding } from '../finding.ts';

/** Backups that are not there, not finished or not made, as far as the catalog tells. */
export async function checkBackups(checkup: Checkup): Promise<Finding[]> {
  return [
    ...(await findMissing(checkup)),
    ...(await findAbandoned(checkup)),
    ...(await findOverdueTenants(checkup)),
    ...(await findElsewhere(checkup)),
  ];
}

/** Tenants whose database was dropped, and who have nothing to wake from. */
async function findMissing({ db }: Checkup): Promise<Finding[]> {
  const missing = await db.$queryRaw<{ id: string; slug: string; cluster: string }[]>`
    SELECT id, slug, cluster_name AS cluster FROM tenants WHERE status = 'HIBERNATED' AND hibernation = 'DROPPED'
      AND NOT EXISTS (SELECT FROM backups WHERE tenant_id = tenants.id AND state = 'DONE' AND ${isSleptOn})
      AND NOT EXISTS (SELECT FROM sagas WHERE tenant_id = tenants.id AND state IN ('RUNNING', 'UNDOING'))`;
  return missing.map(({ id, slug, cluster }) => ({
    severity: 'error',
    kind: 'missing-backup',
    cluster,
    tenantId: id,
    message: `${slug}: It hibernates, its database was dropped, and the backup that it wakes from is not whole.`,
    remedy:
      'See what "tenantry backup list" says of it, and bring its files back to the store; or restore another backup into a new tenant.',
    fix: null,
  }));
}

async function findAbandoned({ db, backups }: Checkup): Promise<Finding[]> {
  const abandoned = await db.$queryRaw<{ id: string; tenantId: string; store: string }[]>`
    SELECT id, tenant_id AS "tenantId", store FROM (SELECT * FROM backups WHERE state = 'RUNNING' OFFSET 0) AS running WHERE ${isUnwritten(Prisma.sql`id`)}`;
  return abandoned.map(({ id, tenantId, store }) => {
    const isHere = backups?.store.name === store;
    return {
      severity: 'warning',
      kind: 'abandoned-backup',
      cluster: null,
      tenantId,
      message: `The process that wrote the backup ${id} has died, and may have left files in ${store}.`,
      remedy: isHere ? 'Run with --fix to remove them.' : `Run with --fix and BACKUP_STORE=${store} to remove them.`,
      fix: isHere ? async () => void (await settleAbandoned(backups, tenantId)) : null,
    };
  });
}

async function findOverdueTenants({ backups }: Checkup): Promise<Finding[]> {
  const overdue = backups ? await findOverdue(backups) : [];
  return overdue.map(({ id, slug, hours, since }) => ({
    severity: 'warning',
    kind: 'overdue-backup',
    cluster: null,
    tenantId: id,
    message: `${slug}: It is to be backed up every ${hours} hours, and has no good backup since ${since.toISOString()}.`,
    remedy: 'See that a worker runs (tenantry worker), and why its backups fail (tenantry backup list).',
    fix: null,
  }));
}

async function findElsewhere({ db, backups }: Checkup): Promise<Finding[]> {
  const stores = await db.backup.groupBy({ by: ['store'], where: { state: { not: 'REMOVED' } }, _count: true });
  const here = backups?.store.name ?? 'none';
  return stores
    .filter(({ store }) => store !== here)
    .map(({ store, _count: count }) => ({
      severity: 'info',
      kind: 'backup-elsewhere',
      cluster: null,
      tenantId: null,
      message: `The catalog knows ${count} backups in ${store}; the store of this process is ${here}.`,
      remedy: 'They are not removed when their time is over. Copy them to the store, or name theirs in BACKUP_STORE.',
      fix: null,
    }));
}
