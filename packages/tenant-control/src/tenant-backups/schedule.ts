import { Prisma, TenantTier } from '@tenantry/prisma/control';
import type { LongWork } from '../backups/long-work.ts';
import type { SweepOptions } from '../life/sweeps.ts';
import type { Actor } from '../tenant.ts';
import { settleAbandoned } from './abandoned-backups.ts';
import { backUpAs } from './back-up-tenant.ts';
import type { BackupPolicy } from './backup-policy.ts';
import type { BackupServices } from './services.ts';
import { inEitherFormat, newBackup } from './write-backup.ts';

/** After a backup that failed, its tenant is left alone for so long: it is not to keep the others from their turn. */
const pauseHours = 1;

/** Thrown to whoever finds that somebody else has just backed the tenant up. */
class NotDueError extends Error {}

/** See {@link BackupOperations.backUpDue}. */
export async function backUpDue({ limit, ...work }: SweepOptions & LongWork, actor: Actor, services: BackupServices): Promise<string[]> {
  const made: string[] = [];
  for (const id of await findBackupsDue(limit, services)) {
    if (work.signal?.aborted) break;
    try {
      const backup = await backUpIfDue(id, actor, services, work);
      if (backup !== null) made.push(backup);
    } catch (err) {
      services.logger.warn({ err, tenantId: id }, 'a tenant that was due to be backed up was not');
    }
  }
  return made;
}

/** See {@link BackupOperations.findBackupsDue}. Those who hibernate have nothing that is newer than what is kept of them. */
export async function findBackupsDue(limit: number, services: BackupServices): Promise<string[]> {
  await settleAbandoned(services);
  const due = await services.db.$queryRaw<{ id: string }[]>`
    SELECT id FROM (${waiting(services.policy)}) AS waiting WHERE ${isDue} ORDER BY since, id LIMIT ${limit}`;
  return due.map(({ id }) => id);
}

/** A tenant that has waited for a backup for more than twice as long as it should. */
export interface OverdueTenant {
  readonly id: string;
  readonly slug: string;
  /** After how many a backup is too old. */
  readonly hours: number;
  readonly since: Date;
}

export async function findOverdue({ db, policy }: Pick<BackupServices, 'db' | 'policy'>): Promise<OverdueTenant[]> {
  return await db.$queryRaw<OverdueTenant[]>`
    SELECT tenants.id, slug, hours, since FROM (${sinceOf(policy)}) AS waiting JOIN tenants ON tenants.id = waiting.id
    WHERE since < now() - make_interval(hours => 2 * hours) ORDER BY since, id`;
}

/** See {@link BackupOperations.backUpIfDue}. */
export async function backUpIfDue(id: string, actor: Actor, services: BackupServices, work: LongWork): Promise<string | null> {
  const assertDue = async (tx: Prisma.TransactionClient) => {
    const due = await tx.$queryRaw<unknown[]>`
      SELECT FROM (${sinceOf(services.policy)}) AS tenant WHERE id = ${id}::uuid AND ${isDue}
        AND NOT EXISTS (SELECT FROM backups WHERE tenant_id = tenant.id AND state = 'RUNNING')`;
    if (due.length === 0) throw new NotDueError();
  };
  const request = { id, action: 'backup.create', actor };
  try {
    return await inEitherFormat(async (format) => {
      const backup = newBackup('SCHEDULED', format);
      await backUpAs(request, backup, services, work, assertDue);
      return backup.id;
    });
  } catch (error) {
    if (error instanceof NotDueError) return null;
    throw error;
  }
}

/** Tenants that are neither being backed up nor left alone after that failed, as {@link sinceOf} has them. */
function waiting(policy: BackupPolicy): Prisma.Sql {
  return Prisma.sql`
    SELECT * FROM (${sinceOf(policy)}) AS tenant WHERE NOT EXISTS (
      SELECT FROM backups WHERE tenant_id = tenant.id
        AND (state = 'RUNNING' OR state = 'FAILED' AND started_at > now() - make_interval(hours => ${pauseHours}::int)))`;
}

/** Tenants that can be backed up, `since` when they have no good backup, and after how many `hours` of that they are due. */
function sinceOf(policy: BackupPolicy): Prisma.Sql {
  const tiers = Object.values(TenantTier);
  return Prisma.sql`
    SELECT tenants.id, policy.hours, coalesce(
      (SELECT max(started_at) FROM backups WHERE tenant_id = tenants.id AND state = 'DONE'), tenants.created_at) AS since
    FROM tenants
    JOIN unnest(${tiers}::text[], ${tiers.map((tier) => policy[tier].everyHours)}::int[]) AS policy (tier, hours) ON policy.tier = tenants.tier::text
    WHERE tenants.status IN ('ACTIVE', 'SUSPENDED')`;
}

const isDue = Prisma.sql`since < now() - make_interval(hours => hours)`;
