import { latestMigration } from '@tenantry/prisma';
import { escapeIdentifier } from 'pg';
import { databasesClosedToPooler, openToPooler } from '../../clusters/pooler-access.ts';
import { inTransaction } from '../../postgres/in-transaction.ts';
import { assertEmptied, closeDatabase, openDatabase, waitUntilQuiet } from '../../tenant-databases/closing.ts';
import { transitions } from '../../tenant-status.ts';
import type { RestoreSpot, RestoreStep, RestoreWork } from './restore-work.ts';

/** Milliseconds that requests under way get to end: less than others wait for the tenant. */
const drainDeadlineMs = 3_000;

/**
 * From now on the tenant's requests wait; whoever holds a handle is told to come again. One that is SUSPENDED has none. Whatever a process
 * does that has not heard of it: nobody connects to the database.
 */
export const pauseStep: RestoreStep = {
  name: 'pause',
  run: async (work) => {
    const { tenantWork } = work;
    const { from, to } = transitions.migrate;
    const { id, databaseName } = tenantWork.tenant;
    await tenantWork.saga.commit(
      async (tx) => await tx.tenant.updateMany({ where: { id, status: { in: [...from] } }, data: { status: to } }),
    );
    await tenantWork.announce();
    if (!(await work.has('place'))) return;
    await waitUntilQuiet(await work.session(), databaseName, drainDeadlineMs);
    await closeDatabase(await work.session(), databaseName);
    await assertEmptied(await work.session(), databaseName);
  },
  undo: async (work) => {
    if (await work.has('place')) await openDatabase(await work.session(), work.database('place').databaseName);
    await serveAgain(work);
  },
};

/** Both names change in one transaction, so that there is never anything but one of the two in place. */
export const swapStep: RestoreStep = {
  name: 'swap',
  run: async (work) => {
    if (await isSwapped(work)) return;
    await rename(work, [...(work.facts.hadDatabase ? ([['place', 'replaced']] as const) : []), ['restored', 'place']]);
  },
  undo: async (work) => {
    if (!(await isSwapped(work))) return;
    await closeDatabase(await work.session(), work.database('place').databaseName);
    await rename(work, [['place', 'restored'], ...(work.facts.hadDatabase ? ([['replaced', 'place']] as const) : [])]);
  },
};

/** Lets in a pooler that has a role for it. Nothing leads back from here: the tenant is about to be served what was restored. */
export const openingStep: RestoreStep = {
  name: 'opening',
  run: async (work) => {
    const { admin } = work.tenantWork.cluster;
    const { databaseName } = work.database('place');
    await openDatabase(await work.session(), databaseName);
    const authUser = admin.tenants?.authUser ?? null;
    if (authUser === null) return;
    const closed = await databasesClosedToPooler(await work.session(), authUser, [databaseName]);
    if (closed.length > 0) await openToPooler(admin, authUser, work.tenantWork.login());
  },
  undo: async () => {},
};

export const activationStep: RestoreStep = {
  name: 'activation',
  run: async (work) => {
    const { saga, tenant } = work.tenantWork;
    await saga.commit(async (tx) => {
      await tx.tenant.update({ where: { id: tenant.id }, data: { schemaVersion: latestMigration('tenant') }, select: { id: true } });
    });
    await serveAgain(work);
  },
  undo: async () => {},
};

/** One that was suspended, before or meanwhile, stays so. */
async function serveAgain({ tenantWork }: RestoreWork): Promise<void> {
  const { from, to } = transitions.undoMigrating;
  const where = { id: tenantWork.tenant.id, status: { in: [...from] } };
  await tenantWork.saga.commit(async (tx) => await tx.tenant.updateMany({ where, data: { status: to, failedStep: null } }));
  await tenantWork.announce();
}

async function isSwapped(work: RestoreWork): Promise<boolean> {
  return await work.has(work.facts.hadDatabase ? 'replaced' : 'place');
}

async function rename(work: RestoreWork, names: readonly (readonly [from: RestoreSpot, to: RestoreSpot])[]): Promise<void> {
  const session = await work.session();
  await inTransaction(session, async () => {
    for (const [from, to] of names) {
      const [old, changed] = [work.database(from).databaseName, work.database(to).databaseName];
      await session.query(`ALTER DATABASE ${escapeIdentifier(old)} RENAME TO ${escapeIdentifier(changed)}`);
    }
    await work.tenantWork.middle();
  });
}
