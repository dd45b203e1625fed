import { randomUUID } from 'node:crypto';
import { migrationsFolder } from '@tenantry/prisma';
import type { BackupState, Prisma } from '@tenantry/prisma/control';
import { readdir } from 'node:fs/promises';
import type { BackupManifest } from '../../backups/manifest.ts';
import { writeAudit } from '../../catalog/audit.ts';
import { BackupRefusedError, RestoreTargetError, TenantInTransitionError } from '../../errors.ts';
import { allowed, readTenant, recordingRefusals, type Request } from '../../life/change-tenant.ts';
import { assertNotDeleted, findSagaUnderWay, lockTenant, type LockedTenant } from '../../life/locked-tenant.ts';
import type { LifeServices } from '../../life/services.ts';
import { settleSaga } from '../../life/settle-saga.ts';
import { clusterOf } from '../../life/tenant-work.ts';
import { leaveSaga } from '../../sagas/leave-saga.ts';
import type { Tenant } from '../../tenant.ts';
import { assertWhole, type WholeBackup } from '../find-backup.ts';
import { parseRestore } from './restore-work.ts';

/** Gives a tenant back what it had, once for all who ask for the same backup at the same time. */
export async function restoreInPlace(
  request: Request,
  { backup }: WholeBackup,
  life: LifeServices,
  onSaga: (sagaId: string) => Disposable,
): Promise<Tenant> {
  const { db, catalog } = life;
  const { tenant, sagaId } = await recordingRefusals(request, catalog, async () => {
    return await db.$transaction(async (tx) => await begin(tx, request, backup.id, life));
  });
  using _listening = onSaga(sagaId);
  await settleSaga({ sagaId, tenant, kind: 'RESTORE' }, life);
  return await readTenant(db, tenant.id);
}

/**
 * Has nobody remove a backup before the transaction ends, which tells of its use.
 *
 * @throws {BackupNotWholeError}
 */
async function holdBackup(tx: Prisma.TransactionClient, id: string): Promise<void> {
  const [held] = await tx.$queryRaw<{ state: BackupState; error: string | null }[]>`
    SELECT state, error FROM backups WHERE id = ${id}::uuid FOR SHARE`;
  assertWhole({ id, state: held?.state ?? 'REMOVED', error: held?.error ?? null });
}

/** @throws {RestoreTargetError} when a backup is newer than this version of the code */
export async function assertNotNewer({ migrations }: BackupManifest): Promise<void> {
  const known = new Set(await readdir(migrationsFolder('tenant')));
  const unknown = migrations.find(({ name }) => !known.has(name));
  if (!unknown) return;
  throw new RestoreTargetError(
    `The backup has had the migration ${unknown.name}, which is unknown here: restore it with the version that made it, or a later one.`,
  );
}

async function begin(
  tx: Prisma.TransactionClient,
  request: Request,
  backupId: string,
  life: LifeServices,
): Promise<{ tenant: LockedTenant; sagaId: string }> {
  await holdBackup(tx, backupId);
  const tenant = await lockTenant(tx, request.id);
  const underWay = await findRestore(tx, tenant, backupId);
  if (underWay !== null) return { tenant, sagaId: underWay };
  assertNotDeleted(tenant);
  const { slug, status } = tenant;
  if (status !== 'ACTIVE' && status !== 'SUSPENDED') throw new BackupRefusedError(slug, status, 'restored in place');
  clusterOf(tenant, life);
  const sagaId = randomUUID();
  await leaveSaga(tx, { id: sagaId, kind: 'RESTORE', tenantId: tenant.id, input: { backupId }, actor: request.actor });
  await writeAudit(tx, allowed(request, { backup: backupId }));
  return { tenant, sagaId };
}

/** @returns id of the saga that restores this very backup; null for none @throws {TenantInTransitionError} for any other saga */
async function findRestore(tx: Prisma.TransactionClient, { id, slug }: LockedTenant, backupId: string): Promise<string | null> {
  const underWay = await findSagaUnderWay(tx, id);
  if (!underWay) return null;
  const { input } = await tx.saga.findUniqueOrThrow({ where: { id: underWay.id }, select: { input: true } });
  if (underWay.kind !== 'RESTORE' || parseRestore(input).backupId !== backupId) throw new TenantInTransitionError(slug, underWay.kind);
  return underWay.id;
}
