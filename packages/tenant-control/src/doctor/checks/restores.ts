import { dropAbandonedScratch, findAbandonedScratch } from '../../backups/scratch-database.ts';
import { ExclusiveCluster, tenantLock } from '../../clusters/exclusive-cluster.ts';
import { dropDatabase } from '../../tenant-databases/database.ts';
import { ownershipComment } from '../../tenant-databases/own-database.ts';
import type { ClusterCheckup, DatabaseState } from '../checkup.ts';
import type { Finding } from '../finding.ts';
import { idInName } from '../known-ids.ts';

/** A database that a restore in place makes, or has put aside. */
const besideName = /^(?<tenant>tenant_[0-9a-f]{32})_(?<spot>restored|replaced)$/;

/** What test restores and restores in place have left on a cluster. */
export async function checkRestores(checkup: ClusterCheckup): Promise<Finding[]> {
  const beside = await Promise.all([...checkup.databases.values()].map(async (database) => await checkBeside(checkup, database)));
  return [...(await checkScratch(checkup)), ...beside.flat()];
}

async function checkScratch({ admin }: ClusterCheckup): Promise<Finding[]> {
  const abandoned = await findAbandonedScratch(admin);
  return abandoned.map((name) => ({
    severity: 'warning',
    kind: 'scratch-leftover',
    cluster: admin.name,
    tenantId: null,
    message: `The database ${name} was made for a test restore whose process has died; or its role was.`,
    remedy: 'Run with --fix to drop it.',
    fix: async () => void (await dropAbandonedScratch(admin)),
  }));
}

/** While a restore is under way, it is no leftover; and of a tenant that the catalog does not know, it is none of ours. */
async function checkBeside(checkup: ClusterCheckup, { name, comment }: DatabaseState): Promise<Finding[]> {
  const { tenant = '', spot } = besideName.exec(name)?.groups ?? {};
  const id = idInName(tenant);
  if (id === null || !(await isLeftover(checkup, id))) return [];
  const finding = { severity: 'warning', kind: 'restore-leftover', cluster: checkup.admin.name, tenantId: id } as const;
  if (spot === 'replaced') {
    const message = `The database ${name} is what was in place before a restore that was given up.`;
    return [{ ...finding, message, remedy: 'See whether it is needed: there may be no backup of it. Then drop it by hand.', fix: null }];
  }
  const isOurs = comment === ownershipComment(id) || comment === null;
  const remedy = isOurs
    ? 'Run with --fix to drop it.'
    : `Its comment is ${JSON.stringify(comment)}: look whose it is, and drop it by hand.`;
  const fix = isOurs ? async () => await dropLeftover(checkup, id, name) : null;
  return [{ ...finding, message: `The database ${name} was made by a restore that was given up.`, remedy, fix }];
}

async function isLeftover({ db }: ClusterCheckup, tenantId: string): Promise<boolean> {
  const known = await db.saga.count({ where: { tenantId, kind: 'RESTORE' } });
  const underWay = await db.saga.count({ where: { tenantId, kind: 'RESTORE', state: { in: ['RUNNING', 'UNDOING'] } } });
  return known > 0 && underWay === 0;
}

/** Holds what whoever makes or drops this tenant's databases holds, and looks again. */
async function dropLeftover(checkup: ClusterCheckup, tenantId: string, name: string): Promise<void> {
  await using cluster = new ExclusiveCluster(checkup.admin, tenantLock(tenantId), async () => {
    if (!(await isLeftover(checkup, tenantId))) throw new Error('It is in use by now.');
  });
  await dropDatabase(await cluster.session(), name);
}
