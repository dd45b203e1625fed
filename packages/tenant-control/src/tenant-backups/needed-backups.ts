import { Prisma } from '@tenantry/prisma/control';

/** Of `backups`: one that is being restored. */
export const isBeingRestored = Prisma.sql`EXISTS (
  SELECT FROM sagas WHERE sagas.state IN ('RUNNING', 'UNDOING') AND sagas.input->>'backupId' = backups.id::text)`;

/**
 * Of `backups`: the one from which a tenant wakes whose database was dropped. The newest that was whole, whatever became of it: an older one
 * would have the tenant wake as it was before it last did.
 */
export const isSleptOn = Prisma.sql`EXISTS (SELECT FROM tenants WHERE tenants.id = backups.tenant_id AND hibernation = 'DROPPED') AND backups.id IS NOT DISTINCT FROM (
  SELECT latest.id FROM backups AS latest
  WHERE latest.tenant_id = backups.tenant_id AND latest.reason = 'HIBERNATION' AND latest.checksum IS NOT NULL
  ORDER BY latest.started_at DESC, latest.id DESC LIMIT 1)`;

/** Of `backups`: the last good one of a tenant that there is, or may be again. */
export const isLastGood = Prisma.sql`backups.id IS NOT DISTINCT FROM (
  SELECT latest.id FROM backups AS latest JOIN tenants ON tenants.id = latest.tenant_id AND tenants.status <> 'DELETED'
  WHERE latest.tenant_id = backups.tenant_id AND latest.state = 'DONE'
  ORDER BY latest.started_at DESC, latest.id DESC LIMIT 1)`;
