import type { ClusterAdmin } from '../clusters/cluster-admin.ts';
import { checkBackups } from './checks/backups.ts';
import { checkLogins } from './checks/logins.ts';
import { checkMoves } from './checks/moves.ts';
import { checkRestores } from './checks/restores.ts';
import { checkSagas } from './checks/sagas.ts';
import { checkShelf } from './checks/shelf.ts';
import { checkTenants } from './checks/tenants.ts';
import { findOrphans } from './checks/orphans.ts';
import { examineCluster, type Checkup } from './checkup.ts';
import type { Diagnosis, Finding } from './finding.ts';

export interface ExamineOptions {
  /** Mends what can be mended without a decision. Default false: looks only. */
  fix?: boolean;
  /** Told what is looked at. */
  onProgress?: (what: string) => void;
}

/** Checks the catalog against reality. @returns the gravest first */
export async function examine(checkup: Checkup, { fix = false, onProgress }: ExamineOptions = {}): Promise<Diagnosis[]> {
  onProgress?.('changes under way');
  const findings = await checkSagas(checkup);
  onProgress?.('backups');
  findings.push(...(await checkBackups(checkup)));
  for (const admin of checkup.clusters.values()) {
    onProgress?.(`cluster ${admin.name}`);
    findings.push(...(await checkCluster(checkup, admin)));
  }
  findings.push(...(await unknownClusters(checkup)));
  const diagnoses: Diagnosis[] = [];
  for (const finding of findings) {
    if (fix && finding.fix) onProgress?.(`mending: ${finding.message}`);
    diagnoses.push(await diagnose(finding, fix, checkup));
  }
  return diagnoses.toSorted((one, other) => gravity[one.severity] - gravity[other.severity]);
}

const gravity = { error: 0, warning: 1, info: 2 };

async function diagnose({ fix: mend, ...finding }: Finding, fix: boolean, { logger }: Checkup): Promise<Diagnosis> {
  const isFixable = mend !== null;
  if (!fix || !mend) return { ...finding, isFixable, outcome: 'found' };
  try {
    await mend();
    return { ...finding, isFixable, outcome: 'fixed' };
  } catch (err) {
    logger.warn({ err, kind: finding.kind }, 'what the doctor found could not be mended');
    return { ...finding, isFixable, outcome: 'fix-failed', remedy: err instanceof Error ? err.message : String(err) };
  }
}

async function checkCluster(checkup: Checkup, admin: ClusterAdmin): Promise<Finding[]> {
  try {
    const cluster = await examineCluster(checkup, admin);
    return [
      ...(await checkTenants(cluster)),
      ...(await checkLogins(cluster)),
      ...(await findOrphans(cluster)),
      ...(await checkShelf(cluster)),
      ...(await checkRestores(cluster)),
      ...(await checkMoves(cluster)),
    ];
  } catch (error) {
    return [
      {
        severity: 'error',
        kind: 'cluster-unreachable',
        cluster: admin.name,
        tenantId: null,
        message: `The cluster ${admin.name} could not be examined: ${error instanceof Error ? error.message : String(error)}`,
        remedy: 'See to its server, and to its administrator’s URL in TENANT_CLUSTERS.',
        fix: null,
      },
    ];
  }
}

async function unknownClusters({ db, clusters }: Checkup): Promise<Finding[]> {
  const unknown = await db.cluster.findMany({
    where: { name: { notIn: [...clusters.keys()] }, tenants: { some: { status: { not: 'DELETED' } } } },
    select: { name: true, _count: { select: { tenants: { where: { status: { not: 'DELETED' } } } } } },
  });
  return unknown.map(({ name, _count }): Finding => ({
    severity: 'error',
    kind: 'cluster-unknown',
    cluster: name,
    tenantId: null,
    message: `There are ${_count.tenants} tenants on the cluster ${name}, which TENANT_CLUSTERS does not name.`,
    remedy: `Add ${name} to TENANT_CLUSTERS, with its administrator's URL.`,
    fix: null,
  }));
}
