import { tombstoneSlug } from '../../provisioning/provision-input.ts';
import type { SagaDefinition } from '../../sagas/saga.ts';
import { closeDatabase } from '../../tenant-databases/closing.ts';
import { dropDatabase } from '../../tenant-databases/database.ts';
import { dropRoles } from '../../tenant-databases/drop-roles.ts';
import { transitions } from '../../tenant-status.ts';
import type { LifeServices } from '../services.ts';
import { TenantWork, type WorkStep } from '../tenant-work.ts';

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

const databaseStep: WorkStep = {
  name: 'database',
  run: async (work) => {
    if (await work.hasDatabase()) await dropDatabase(await work.session(), work.tenant.databaseName);
  },
  undo,
};

/** Postgres refuses to drop one that owns anything else. */
const rolesStep: WorkStep = {
  name: 'roles',
  run: async (work) => await dropRoles(await work.session(), work.tenant),
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
    const kept = await db.backup.count({ where: { tenantId: work.tenant.id, state: { not: 'REMOVED' } } });
    if (backups !== null || kept > 0) await work.backups.removeBackups(work.tenant.id);
  },
  undo,
};

/** The row stays, so that its id is never another tenant's, with nothing in it that says whose it was. Its slug is free. */
const tombstoneStep: WorkStep = {
  name: 'tombstone',
  run: async (work) => {
    const { saga, tenant } = work;
    const { from, to } = transitions.finishDeleting;
    await saga.commit(async (tx) => {
      await tx.idempotencyKey.deleteMany({ where: { tenantId: tenant.id } });
      await tx.usageSample.deleteMany({ where: { tenantId: tenant.id } });
    });
    await work.change(from, {
      status: to,
      slug: tombstoneSlug(tenant.id),
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

export const purgeSteps: readonly WorkStep[] = [closeStep, databaseStep, rolesStep, jobsStep, backupsStep, tombstoneStep];

/** Leaves nothing of a deleted tenant but its tombstone. What fails is tried again until it succeeds. */
export function purgeSaga(services: LifeServices): SagaDefinition<TenantWork> {
  return {
    kind: 'PURGE',
    steps: () => purgeSteps,
    pointOfNoReturn: closeStep.name,
    open: async (saga, middle) => await TenantWork.open(saga, middle, services),
  };
}
