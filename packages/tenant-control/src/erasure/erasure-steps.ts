import type { WorkStep } from '../life/tenant-work.ts';
import { endReplicationLeft, wasMoved } from './end-replication.ts';
import { isErasure } from './erasure-input.ts';
import { findCertificate } from './certificate.ts';
import { withEachCluster } from './each-cluster.ts';
import { issueCertificate } from './issue-certificate.ts';
import { observeAbsence } from './observe-absence.ts';
import { dropFoundDatabases, findRemains } from './remains.ts';
import { noteRemoval } from './removed.ts';
import { dropRole } from '../tenant-databases/drop-role.ts';

/** There is no way back. */
const undo = async (): Promise<void> => {};

/** Postgres drops no database that sends or receives. */
export const replicationStep: WorkStep = {
  name: 'replication',
  run: async (work) => {
    if (await wasMoved(work)) await endReplicationLeft(work);
  },
  undo,
};

/**
 * Whatever else bears the tenant's id, on any cluster: what a move, a restore or a test of a backup has left there. A purge looks elsewhere
 * only where a move may have left something, so that it does not wait for clusters that have nothing to do with it.
 */
export const remainsStep: WorkStep = {
  name: 'remains',
  run: async (work) => {
    const { tenantId, input } = work.saga;
    if (!isErasure(input) && !(await wasMoved(work))) return;
    await withEachCluster(work, async (admin, session) => {
      const { databases, roles } = await findRemains(session, tenantId);
      const on = (name: string) => ({ cluster: admin.name, name });
      await noteRemoval(work, { databases: databases.map(({ name }) => on(name)), roles: roles.map(on) });
      await dropFoundDatabases(session, databases, { clusterName: admin.name, tenantId });
      for (const role of roles) await dropRole(admin, session, role);
    });
  },
  undo,
};

/** After all else, so that nothing that was found absent is there again. */
export const absenceStep: WorkStep = {
  name: 'absence',
  run: async (work) => await work.saga.remember({ absence: await observeAbsence(work) }),
  undo,
};

export const certificateStep: WorkStep = {
  name: 'certificate',
  run: async (work) => {
    const { saga, services } = work;
    if (await findCertificate(services.db, saga.tenantId)) return;
    const certificate = await issueCertificate(work);
    await saga.commit(async (tx) => {
      await tx.erasureCertificate.create({ data: certificate, select: { id: true } });
      // What has failed on the way may have told of what it failed over.
      await tx.saga.update({ where: { id: saga.id }, data: { error: null }, select: { id: true } });
      await tx.sagaStep.updateMany({ where: { sagaId: saga.id }, data: { error: null } });
    });
  },
  undo,
};
