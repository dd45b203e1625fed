import type { TenantWork } from '../life/tenant-work.ts';
import { findReplicationLeft, type ReplicationLeft } from '../moves/replication/replication-left.ts';

/** What keeps Postgres from dropping a database; the rest goes with it, or with the roles. */
const inTheWay: readonly ReplicationLeft['what'][] = ['subscription', 'replication slot'];

/** Ends what a move that was given up still replicates, on whichever side. */
export async function endReplicationLeft({ saga, services: { db, clusters } }: TenantWork): Promise<void> {
  const left: ReplicationLeft[] = [];
  for (const admin of clusters.values()) left.push(...(await findReplicationLeft(db, admin)));
  // All that receives first: it would ask for its slot again.
  for (const what of inTheWay) {
    for (const trace of left.filter((each) => each.tenantId === saga.tenantId && each.what === what)) await trace.remove();
  }
}

/** Whether there may be anything of the tenant on another cluster than its own. */
export async function wasMoved({ saga, services: { db } }: TenantWork): Promise<boolean> {
  return (await db.saga.count({ where: { tenantId: saga.tenantId, kind: 'MOVE' } })) > 0;
}
