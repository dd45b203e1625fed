import type { Backup } from '@tenantry/prisma/control';
import { absenceStep, certificateStep, remainsStep, replicationStep } from '../../erasure/erasure-steps.ts';
import { isErasure } from '../../erasure/erasure-input.ts';
import { forgetRecords } from '../../erasure/forget-records.ts';
import { dropFoundDatabases, findRemains } from '../../erasure/remains.ts';
import { noteRemoval, type Removed } from '../../erasure/removed.ts';
import { tombstoneSlug } from '../../provisioning/provision-input.ts';
import type { SagaDefinition } from '../../sagas/saga.ts';
import { closeDatabase } from '../../tenant-databases/closing.ts';
import { dropRoles } from '../../tenant-databases/drop-roles.ts';
import { removeExports } from '../../tenant-export/remove-exports.ts';
import { transitions } from '../../tenant-status.ts';
import type { LifeServices } from '../services.ts';
import { inTurnOf, TenantWork, type WorkStep } from '../tenant-work.ts';

/** Nothing that was purged comes back. */
const undo = async (): Promise<void> => {};

const closeStep: WorkStep = {
  name: 'close',
  run: async (work) => {
    await work.announce();
    if (await work.hasDatabase()) await closeDatabase(await work.session(), work.tenant.databaseName);
  },
  undo,
};

/** What a restore may have set aside, too: Postgres drops no role that owns a database. */
const databaseStep: WorkStep = {
  name: 'database',
  run: async (work) => {
    const { id: tenantId, clusterName } = work.tenant;
    const session = await work.session();
    const { databases } = await findRemains(session, tenantId);
    await noteRemoval(work, { databases: databases.map(({ name }) => ({ cluster: clusterName, name })) });
    await dropFoundDatabases(session, databases, { clusterName, tenantId });
  },
  undo,
};

/** Postgres refuses to drop one that owns anything elsewhere. */
const rolesStep: WorkStep = {
  name: 'roles',
  run: async (work) => {
    const { roles } = await findRemains(await work.session(), work.tenant.id);
    await noteRemoval(work, { roles: roles.map((name) => ({ cluster: work.tenant.clusterName, name })) });
    await dropRoles(work.cluster.admin, await work.session(), work.tenant);
  },
  undo,
};

const jobsStep: WorkStep = {
  name: 'jobs',
  run: async ({ services, tenant }) => await services.removeJobs(tenant.id),
  undo,
};

const backupsStep: WorkStep = {
  name: 'backups',
  run: async (work) => {
    const { db, backups } = work.services;
    const kept = await db.backup.findMany({
      where: { tenantId: work.tenant.id, state: { not: 'REMOVED' } },
      orderBy: { startedAt: 'asc' },
    });
    await noteRemoval(work, { backups: kept.map(toRemoved) });
    if (backups !== null || kept.length > 0) await work.backups.removeBackups(work.tenant.id);
  },
  undo,
};

function toRemoved({ id, store, key, format, reason, startedAt, bytes, checksum }: Backup): Removed['backups'][number] {
  return { id, store, key, format, reason, checksum, startedAt: startedAt.toISOString(), bytes: bytes === null ? null : Number(bytes) };
}

const exportsStep: WorkStep = {
  name: 'exports',
  run: removeExports,
  undo,
};

const recordsStep: WorkStep = {
  name: 'records',
  run: forgetRecords,
  undo,
};

/** The row stays, so that its id is never another tenant's, with nothing in it that says whose it was. Its slug is free. */
const tombstoneStep: WorkStep = {
  name: 'tombstone',
  run: async (work) => {
    const { from, to } = transitions.finishDeleting;
    await work.change(from, {
      status: to,
      slug: tombstoneSlug(work.tenant.id),
      name: '',
      sealedPassword: '',
      statusBefore: null,
      hibernation: null,
      purgeAfter: null,
      failedStep: null,
      lastActiveAt: null,
    });
    await work.announce();
  },
  undo,
};

export const purgeSteps: readonly WorkStep[] = [
  closeStep,
  replicationStep,
  databaseStep,
  rolesStep,
  remainsStep,
  jobsStep,
  backupsStep,
  exportsStep,
  recordsStep,
  tombstoneStep,
];
export const erasureSteps: readonly WorkStep[] = [...purgeSteps, absenceStep, certificateStep];

/**
 * Leaves nothing of a deleted tenant but its tombstone, and of one that is erased, a certificate. What fails is tried again until it
 * succeeds.
 */
export function purgeSaga(services: LifeServices): SagaDefinition<TenantWork> {
  return {
    kind: 'PURGE',
    action: ({ input }) => (isErasure(input) ? 'tenant.erase' : 'tenant.purge'),
    steps: ({ input }) => (isErasure(input) ? erasureSteps : purgeSteps),
    pointOfNoReturn: closeStep.name,
    open: async (saga, middle) => await TenantWork.open(saga, middle, services),
    inTurn: async (tenantId, work) => await inTurnOf(tenantId, work, services),
  };
}
