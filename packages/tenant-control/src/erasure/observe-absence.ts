import { hostname } from 'node:os';
import { Prisma, type PrismaClient } from '@tenantry/prisma/control';
import { jobsSchema } from '../jobs/jobs-schema.ts';
import { tenantFlag } from '../jobs/tenant-flag.ts';
import type { TenantWork } from '../life/tenant-work.ts';
import { RemainsError } from '../errors.ts';
import { tombstoneSlug } from '../provisioning/provision-input.ts';
import type { Absence } from './certificate-document.ts';
import { withEachCluster } from './each-cluster.ts';
import { findRemains } from './remains.ts';
import { listStored } from './stored-files.ts';

/** What was found where. */
interface Look {
  readonly what: string;
  readonly where: string;
  readonly found: readonly string[];
}

/**
 * Looks for the tenant wherever this installation could have anything of it.
 *
 * @throws {RemainsError} when there is anything
 */
export async function observeAbsence(work: TenantWork): Promise<Absence> {
  const looks = [...(await lookOnClusters(work)), ...(await lookInStore(work)), ...(await lookInControlDatabase(work))];
  const remains = looks.flatMap(({ where, found }) => found.map((one) => `${one} (${where})`));
  if (remains.length > 0) throw new RemainsError(work.saga.tenantId, remains);
  const observations = looks.map(({ what, where }) => ({ what, where, found: 0 as const }));
  return { observedAt: new Date().toISOString(), observedBy: hostname(), observations };
}

async function lookOnClusters(work: TenantWork): Promise<Look[]> {
  const looks: Look[] = [];
  await withEachCluster(work, async ({ name }, session) => {
    const { databases, roles } = await findRemains(session, work.saga.tenantId);
    const found = [...databases.map((database) => `the database ${database.name}`), ...roles.map((role) => `the role ${role}`)];
    looks.push({ what: 'databases and roles that bear its id', where: `cluster ${name}`, found });
  });
  return looks;
}

async function lookInStore(work: TenantWork): Promise<Look[]> {
  const { store } = work.services;
  if (!store) return [];
  const found: string[] = [];
  for await (const { key } of listStored(store, work.saga.tenantId)) found.push(`the file ${key}`);
  return [{ what: 'files of its backups and exports', where: store.name, found }];
}

async function lookInControlDatabase({ saga, services: { db } }: TenantWork): Promise<Look[]> {
  const { tenantId } = saga;
  const where = { tenantId };
  const tombstone = { slug: tombstoneSlug(tenantId), name: '', sealedPassword: '', status: 'DELETED' } as const;
  const counts = {
    'its name, slug and password': await db.tenant.count({ where: { id: tenantId, NOT: tombstone } }),
    'backups that are not removed': await db.backup.count({ where: { tenantId, state: { not: 'REMOVED' } } }),
    'what its changes were asked for': await db.saga.count({ where: { tenantId, id: { not: saga.id }, NOT: { input: { equals: {} } } } }),
    'samples of its usage': await db.usageSample.count({ where }),
    'idempotency keys': await db.idempotencyKey.count({ where }),
    'queued jobs': await countJobs(db, tenantId),
    'a database on the shelf': await db.shelvedDatabase.count({ where: { id: tenantId } }),
  };
  return Object.entries(counts).map(([what, count]) => ({
    what,
    where: 'the control database',
    found: count === 0 ? [] : [what],
  }));
}

/** Of one that runs at this moment, nothing is left but that it does. */
async function countJobs(db: PrismaClient, tenantId: string): Promise<number> {
  const [row] = await db.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM ${Prisma.raw(jobsSchema)}._private_jobs WHERE flags ? ${tenantFlag(tenantId)} AND payload::text <> '{}'`;
  return row?.count ?? 0;
}
