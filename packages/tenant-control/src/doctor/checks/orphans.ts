import { ExclusiveCluster, tenantLock } from '../../clusters/exclusive-cluster.ts';
import { dropDatabase } from '../../tenant-databases/database.ts';
import { dropRole } from '../../tenant-databases/drop-role.ts';
import { ownershipComment } from '../../tenant-databases/own-database.ts';
import type { ClusterCheckup, DatabaseState, RoleState } from '../checkup.ts';
import type { Finding } from '../finding.ts';
import { findKnownIds, idInName } from '../known-ids.ts';

/**
 * Databases and roles that are named like a tenant's and are none's. Only those whose id this catalog has known are ours to drop: a cluster
 * may serve other installations, too, and a catalog that was restored from yesterday does not know what was made since.
 */
export async function findOrphans(checkup: ClusterCheckup): Promise<Finding[]> {
  const known = await findKnownIds(checkup.db);
  const present = await findPresent(checkup);
  const findings: Finding[] = [];
  for (const database of checkup.databases.values()) {
    const id = idInName(database.name);
    if (id === null || known.live.has(id) || !present.databases.has(database.name)) continue;
    findings.push(known.ever.has(id) ? orphanDatabase(checkup, id, database) : unknown(checkup, 'database', database.name));
  }
  for (const role of checkup.roles.values()) {
    const id = idInName(role.name);
    if (id === null || known.live.has(id) || !present.roles.has(role.name)) continue;
    if (known.ever.has(id)) findings.push(orphanRole(checkup, id, role));
    else if (!checkup.databases.has(role.name)) findings.push(unknown(checkup, 'role', role.name));
  }
  return findings;
}

/** What of it is there still: what was dropped until the catalog was read is no orphan. */
async function findPresent({ admin, databases, roles }: ClusterCheckup): Promise<{ databases: Set<string>; roles: Set<string> }> {
  const found = await admin.pool.query<{ name: string }>('SELECT datname AS name FROM pg_database WHERE datname = ANY($1)', [
    [...databases.keys()],
  ]);
  const foundRoles = await admin.pool.query<{ name: string }>('SELECT rolname AS name FROM pg_roles WHERE rolname = ANY($1)', [
    [...roles.keys()],
  ]);
  return { databases: new Set(found.rows.map(({ name }) => name)), roles: new Set(foundRoles.rows.map(({ name }) => name)) };
}

function orphanDatabase(checkup: ClusterCheckup, id: string, { name, comment, allowsConnections }: DatabaseState): Finding {
  const isOurs = comment === ownershipComment(id) || (comment === null && !allowsConnections);
  return {
    severity: 'warning',
    kind: 'orphan-database',
    cluster: checkup.admin.name,
    tenantId: id,
    message: `The database ${name} was made for a tenant that is not in the catalog any more.`,
    remedy: isOurs ? 'Run with --fix to drop it.' : `Its comment is ${JSON.stringify(comment)}: look whose it is, and drop it by hand.`,
    fix: isOurs ? async () => await stillOrphaned(checkup, id, async (cluster) => await dropDatabase(await cluster.session(), name)) : null,
  };
}

function orphanRole(checkup: ClusterCheckup, id: string, { name }: RoleState): Finding {
  return {
    severity: 'warning',
    kind: 'orphan-role',
    cluster: checkup.admin.name,
    tenantId: id,
    message: `The role ${name} was made for a tenant that is not in the catalog any more.`,
    remedy: 'Run with --fix to drop it, after its database.',
    fix: async () => await stillOrphaned(checkup, id, async (cluster) => await dropRole(cluster.admin, await cluster.session(), name)),
  };
}

function unknown({ admin }: ClusterCheckup, what: 'database' | 'role', name: string): Finding {
  return {
    severity: 'info',
    kind: `unknown-${what}`,
    cluster: admin.name,
    tenantId: null,
    message: `The ${what} ${name} is named like a tenant’s, and this catalog never knew it.`,
    remedy: 'Another installation’s, or made after the catalog was backed up that this one was restored from: look, and drop it by hand.',
    fix: null,
  };
}

/** Holds what whoever makes or drops this tenant's databases holds, and looks again. */
async function stillOrphaned({ admin, db }: ClusterCheckup, id: string, drop: (cluster: ExclusiveCluster) => Promise<void>): Promise<void> {
  await using cluster = new ExclusiveCluster(admin, tenantLock(id), async () => {
    if ((await findKnownIds(db)).live.has(id)) throw new Error('It is in use by now.');
  });
  await drop(cluster);
}
