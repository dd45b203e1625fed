import { latestMigration, migrateDatabase } from '@tenantry/prisma';
import { asOwner } from '../../credentials/as-owner.ts';
import { databasesClosedToPooler, openToPooler } from '../../clusters/pooler-access.ts';
import type { SagaDefinition } from '../../sagas/saga.ts';
import { closeDatabase, letIn, openDatabase, shutOut } from '../../tenant-databases/closing.ts';
import { verifyDatabase } from '../../tenant-databases/verification.ts';
import { transitions } from '../../tenant-status.ts';
import { failTenant } from '../fail-tenant.ts';
import { dropOwnDatabase, restoreOwnDatabase } from '../hibernation/dropped-database.ts';
import { parseHibernation } from '../hibernation/hibernation-input.ts';
import type { LifeServices } from '../services.ts';
import { backupsOf, inTurnOf, TenantWork, type WorkStep } from '../tenant-work.ts';

/** The tenant was WAKING before the first step. Undone last. */
const statusStep: WorkStep = {
  name: 'status',
  run: async (work) => await work.announce(),
  undo: async (work) => {
    const { from, to } = transitions.undoWaking;
    await work.change(from, { status: to, failedStep: null });
    await work.announce();
  },
};

const openStep: WorkStep = {
  name: 'open',
  run: async (work) => {
    if (!(await work.hasDatabase())) throw new Error(`The tenant "${work.tenant.slug}" has no database.`);
    await openDatabase(await work.session(), work.tenant.databaseName);
  },
  undo: async (work) => {
    if (await work.hasDatabase()) await closeDatabase(await work.session(), work.tenant.databaseName);
  },
};

const restoreStep: WorkStep = { name: 'restore', run: restoreOwnDatabase, undo: dropOwnDatabase };

const letInStep: WorkStep = {
  name: 'let in',
  run: async (work) => await letIn(await work.session(), work.tenant.loginName),
  undo: async (work) => await shutOut(await work.session(), work.tenant.loginName, work.tenant.databaseName),
};

/** What the databases of the others were given meanwhile, if this one was not: the pooler's access, and the newest schema. */
const poolerStep: WorkStep = {
  name: 'pooler',
  run: async (work) => {
    const { admin } = work.cluster;
    const authUser = admin.tenants?.authUser ?? null;
    if (authUser === null) return;
    // What it knows already is not made anew: it would have to forget it first.
    const closed = await databasesClosedToPooler(await work.session(), authUser, [work.tenant.databaseName]);
    if (closed.length > 0) await openToPooler(admin, authUser, work.login());
  },
  undo: async () => {},
};

const migrationStep: WorkStep = {
  name: 'migration',
  run: async ({ cluster, tenant }) => {
    if (tenant.schemaVersion === latestMigration('tenant')) return;
    await asOwner(cluster.admin, tenant, async (url) => void (await migrateDatabase({ url, database: 'tenant' })));
  },
  undo: async () => {},
};

const verificationStep: WorkStep = {
  name: 'verification',
  run: async (work) => await work.asTenant(verifyDatabase),
  undo: async () => {},
};

/** From here on the tenant is served, so that nothing leads back. */
const activationStep: WorkStep = {
  name: 'activation',
  run: async (work) => {
    const { from, to } = transitions.finishWaking;
    // As if it had been asked for, so that it is not taken for idle at once.
    await work.change(from, { status: to, hibernation: null, schemaVersion: latestMigration('tenant'), lastActiveAt: new Date() });
    await work.announce();
  },
  undo: async () => {},
};

const lastSteps = [poolerStep, migrationStep, verificationStep, activationStep];
export const openingSteps: readonly WorkStep[] = [statusStep, openStep, ...lastSteps];
export const restoringSteps: readonly WorkStep[] = [statusStep, restoreStep, letInStep, ...lastSteps];

/** Puts the database of a tenant that hibernates into use again. */
export function wakingSaga(services: LifeServices): SagaDefinition<TenantWork> {
  return {
    kind: 'WAKE',
    steps: (saga) => (parseHibernation(saga.input).hibernation === 'CLOSED' ? openingSteps : restoringSteps),
    pointOfNoReturn: activationStep.name,
    open: async (saga, middle) => {
      if (parseHibernation(saga.input).hibernation === 'DROPPED') backupsOf(services);
      return await TenantWork.open(saga, middle, services);
    },
    inTurn: async (tenantId, work) => await inTurnOf(tenantId, work, services),
    onStuck: failTenant,
  };
}
