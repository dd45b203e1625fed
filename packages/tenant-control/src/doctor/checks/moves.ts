import type { Tenant } from '@tenantry/prisma/control';
import { listOpenMoves, type OpenMove } from '../../moves/open-move.ts';
import { isSameServer, readServer } from '../../moves/plan/server-facts.ts';
import { findReplicationLeft, type ReplicationLeft } from '../../moves/replication/replication-left.ts';
import type { ClusterCheckup } from '../checkup.ts';
import type { Finding } from '../finding.ts';
import { idInName } from '../known-ids.ts';

/** Moves that are told of; more than that nobody reads. */
const mostOpenMoves = 1000;

/** What moves have left on a cluster: old databases that wait for a word, and what nobody waits for. */
export async function checkMoves(checkup: ClusterCheckup): Promise<Finding[]> {
  const { db, admin } = checkup;
  const here = await namesOfServer(checkup);
  // What has several names is looked at under the first.
  if (here[0] !== admin.name) return [];
  const open = await listOpenMoves(db, { limit: mostOpenMoves });
  const left = open.filter(({ leftOn }) => here.includes(leftOn));
  const elsewhere = await findTenantsElsewhere(checkup, here);
  const unexplained = elsewhere.filter(({ id }) => !left.some(({ tenantId }) => tenantId === id));
  const replications = await findReplicationLeft(db, admin);
  return [
    ...left.map((move) => openMove(checkup, move, elsewhere)),
    ...unexplained.map((tenant) => secondDatabase(checkup, tenant)),
    ...replications.map((replication) => leftReplication(checkup, replication)),
  ];
}

/** By all of which the cluster's server is configured. */
async function namesOfServer({ admin, clusters }: ClusterCheckup): Promise<string[]> {
  const own = await readServer(admin.pool);
  const names: string[] = [];
  for (const [name, { pool }] of clusters) {
    // One that does not answer is told of with its own cluster.
    const server = name === admin.name ? own : await readServer(pool).catch(() => null);
    if (server && isSameServer(server, own)) names.push(name);
  }
  return names;
}

/** Tenants that have a database here, are on another cluster, and are not on their way. What is deleted is purged on every cluster. */
async function findTenantsElsewhere({ db, databases }: ClusterCheckup, here: readonly string[]): Promise<Tenant[]> {
  const ids = [...databases.keys()].map(idInName).filter((id) => id !== null);
  const underWay = await db.saga.findMany({ where: { state: { in: ['RUNNING', 'UNDOING'] } }, select: { tenantId: true } });
  return await db.tenant.findMany({
    where: {
      id: { in: ids, notIn: underWay.map(({ tenantId }) => tenantId) },
      clusterName: { notIn: [...here] },
      status: { notIn: ['DELETING', 'DELETED'] },
    },
  });
}

function openMove({ admin }: ClusterCheckup, { tenantId, finishedAt }: OpenMove, tenants: readonly Tenant[]): Finding {
  const slug = tenants.find(({ id }) => id === tenantId)?.slug ?? tenantId;
  return {
    severity: 'info',
    kind: 'open-move',
    cluster: admin.name,
    tenantId,
    message: `${slug}: It was moved at ${finishedAt.toISOString()}, and its old database is kept here, closed.`,
    remedy: 'Confirm the move, which drops it, or revert it.',
    fix: null,
  };
}

function secondDatabase({ admin }: ClusterCheckup, { id, slug, databaseName, clusterName }: Tenant): Finding {
  return {
    severity: 'error',
    kind: 'second-database',
    cluster: admin.name,
    tenantId: id,
    message: `${slug}: There is a database ${databaseName} here, though it is on the cluster ${clusterName}, and no move says why.`,
    remedy: 'If the catalog was restored from a backup, this one may be the newer: look which is, and drop the other by hand.',
    fix: null,
  };
}

function leftReplication({ admin }: ClusterCheckup, { what, name, tenantId, remove }: ReplicationLeft): Finding {
  const keeps = what === 'replication slot' ? ', and the server keeps its log for it' : '';
  return {
    severity: what === 'replication slot' ? 'error' : 'warning',
    kind: 'move-leftover',
    cluster: admin.name,
    tenantId,
    message: `The ${what} ${name} is of a move that has ended${keeps}.`,
    remedy: 'Run with --fix to drop it.',
    fix: remove,
  };
}
