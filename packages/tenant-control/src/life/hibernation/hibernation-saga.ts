import type { SagaDefinition } from '../../sagas/saga.ts';
import { closeDatabase, letIn, openDatabase, shutOut, waitUntilQuiet } from '../../tenant-databases/closing.ts';
import { transitions } from '../../tenant-status.ts';
import { failTenant } from '../fail-tenant.ts';
import type { LifeServices } from '../services.ts';
import { backupsOf, inTurnOf, TenantWork, type WorkStep } from '../tenant-work.ts';
import { dropOwnDatabase, hasWholeDatabase, restoreOwnDatabase } from './dropped-database.ts';
import { parseHibernation } from './hibernation-input.ts';

/** Milliseconds that requests under way get to end: the time that the tenant pool gives them. */
const drainDeadlineMs = 10_000;

/** The tenant was HIBERNATED before the first step, so that no new request is let in. Undone last. */
const statusStep: WorkStep = {
  name: 'status',
  run: async (work) => await work.announce(),
  undo: async (work) => {
    const { from, to } = transitions.undoHibernating;
    await work.change(from, { status: to, hibernation: null, failedStep: null });
    await work.announce();
  },
};

const drainStep: WorkStep = {
  name: 'drain',
  run: async (work) => {
    if (!(await work.hasDatabase())) throw new Error(`The tenant "${work.tenant.slug}" has no database.`);
    await waitUntilQuiet(await work.session(), work.tenant.databaseName, drainDeadlineMs);
  },
  undo: async () => {},
};

/** Whatever a process does that has not heard of it: nobody connects to the database any more. */
const closeStep: WorkStep = {
  name: 'close',
  run: async (work) => await closeDatabase(await work.session(), work.tenant.databaseName),
  undo: async (work) => await openDatabase(await work.session(), work.tenant.databaseName),
};

/** Nobody writes any more what the last backup would not have. */
const shutOutStep: WorkStep = {
  name: 'shut out',
  run: async (work) => await shutOut(await work.session(), work.tenant.loginName, work.tenant.databaseName),
  undo: async (work) => await letIn(await work.session(), work.tenant.loginName),
};

const backupStep: WorkStep = {
  name: 'backup',
  run: async ({ backups, tenant }) => await backups.backUp(tenant.id, 'HIBERNATION'),
  // It is one more backup.
  undo: async () => {},
};

/** Postgres may refuse, and the tenant is served as before then. */
const dropStep: WorkStep = {
  name: 'drop',
  run: dropOwnDatabase,
  undo: async (work) => {
    if (!(await hasWholeDatabase(work))) await restoreOwnDatabase(work);
  },
};

export const closingSteps: readonly WorkStep[] = [statusStep, drainStep, closeStep];
export const droppingSteps: readonly WorkStep[] = [statusStep, drainStep, shutOutStep, backupStep, dropStep];

/** Puts a tenant's database out of use, and keeps it, or a backup of it. */
export function hibernationSaga(services: LifeServices): SagaDefinition<TenantWork> {
  return {
    kind: 'HIBERNATE',
    steps: (saga) => (parseHibernation(saga.input).hibernation === 'CLOSED' ? closingSteps : droppingSteps),
    open: async (saga, middle) => {
      if (parseHibernation(saga.input).hibernation === 'DROPPED') backupsOf(services);
      return await TenantWork.open(saga, middle, services);
    },
    inTurn: async (tenantId, work) => await inTurnOf(tenantId, work, services),
    onStuck: failTenant,
  };
}
