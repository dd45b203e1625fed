import type { PrismaClient } from '@tenantry/prisma/control';
import { escapeIdentifier } from 'pg';
import type { ClusterAdmin } from '../../clusters/cluster-admin.ts';
import { acceptsConnections } from '../../tenant-databases/database.ts';
import { dropRole } from '../../tenant-databases/drop-role.ts';
import { replicationName, replicationPrefix, sagaIdIn } from './names.ts';
import { dropSlot } from './slot.ts';
import { unsubscribe } from './subscription.ts';

/** Something that a move has made to replicate, and that it does not need any more. */
export interface ReplicationLeft {
  readonly what: 'subscription' | 'publication' | 'replication slot' | 'role';
  readonly name: string;
  readonly tenantId: string;
  readonly remove: () => Promise<void>;
}

interface Found {
  readonly what: ReplicationLeft['what'];
  readonly name: string;
  /** Null for what is the whole server's. */
  readonly database: string | null;
}

/** What moves of this catalog that have ended have left on a cluster; in the order in which it can be removed. */
export async function findReplicationLeft(db: PrismaClient, admin: ClusterAdmin): Promise<ReplicationLeft[]> {
  const { rows: onServer } = await admin.pool.query<Found>(traces, [replicationPrefix]);
  const found = [...onServer, ...(await findPublications(db, admin))];
  const ids = found.map(({ name }) => sagaIdIn(name)).filter((id) => id !== null);
  const ended = await db.saga.findMany({
    where: { id: { in: ids }, state: { notIn: ['RUNNING', 'UNDOING'] } },
    select: { id: true, tenantId: true },
  });
  const tenants = new Map(ended.map(({ id, tenantId }) => [replicationName(id), tenantId]));
  const left = found.flatMap((trace) => {
    const tenantId = tenants.get(trace.name);
    return tenantId === undefined ? [] : [{ ...trace, tenantId, remove: async () => await remove(admin, trace) }];
  });
  return left.toSorted((one, other) => order.indexOf(one.what) - order.indexOf(other.what));
}

const order: readonly ReplicationLeft['what'][] = ['subscription', 'publication', 'replication slot', 'role'];

/** Each database has its own: those are looked into whose tenant was once not moved away. */
async function findPublications(db: PrismaClient, admin: ClusterAdmin): Promise<Found[]> {
  const stayed = await db.$queryRaw<{ database: string }[]>`
    SELECT DISTINCT database_name AS database FROM sagas JOIN tenants ON tenants.id = sagas.tenant_id
    WHERE kind = 'MOVE' AND state IN ('UNDONE', 'FAILED') AND input->>'from' = ${admin.name} AND cluster_name = ${admin.name}
      AND status <> 'DELETED'`;
  const found: Found[] = [];
  for (const { database } of stayed) {
    if (!(await acceptsConnections(admin.pool, database))) continue;
    await admin.within(database, async (client) => {
      const { rows } = await client.query<{ name: string }>('SELECT pubname AS name FROM pg_publication WHERE starts_with(pubname, $1)', [
        replicationPrefix,
      ]);
      found.push(...rows.map(({ name }): Found => ({ what: 'publication', name, database })));
    });
  }
  return found;
}

async function remove(admin: ClusterAdmin, { what, name, database }: Found): Promise<void> {
  switch (what) {
    case 'subscription':
      await admin.within(database ?? '', async (client) => await unsubscribe(client, name));
      break;
    case 'publication':
      await admin.within(database ?? '', async (client) => {
        await client.query(`DROP PUBLICATION IF EXISTS ${escapeIdentifier(name)}`);
      });
      break;
    case 'replication slot':
      await dropSlot(admin.pool, name);
      break;
    case 'role':
      await dropRole(admin, admin.pool, name);
      break;
  }
}

const traces = `
  SELECT 'subscription' AS what, subname::text AS name, datname::text AS database
    FROM pg_subscription JOIN pg_database ON pg_database.oid = subdbid WHERE starts_with(subname, $1)
  UNION ALL SELECT 'replication slot', slot_name::text, NULL FROM pg_replication_slots WHERE starts_with(slot_name, $1)
  UNION ALL SELECT 'role', rolname::text, NULL FROM pg_roles WHERE starts_with(rolname, $1)`;
