import { Prisma, type PrismaClient } from '@tenantry/prisma/control';
import { canonicalUuid } from '@tenantry/service';
import { writeAudit } from '../catalog/audit.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Actor } from '../tenant.ts';
import { NoSuchJobError } from './errors.ts';
import { jobsSchema } from './jobs-schema.ts';
import { flaggedTenantSql } from './tenant-flag.ts';

interface RetryServices {
  readonly db: PrismaClient;
  readonly catalog: Pick<Catalog, 'recordAudit'>;
}

const action = 'job.retry';

/** What the queue takes for an id. */
const idPattern = /^[1-9]\d{0,17}$/;

const schema = Prisma.raw(jobsSchema);

/**
 * Has a job be run within seconds, with all its tries before it, that has failed or waits to be tried again. That is on record, and that
 * there is no such job, too.
 *
 * @throws {NoSuchJobError}
 */
export async function retryJob(id: string, actor: Actor, { db, catalog }: RetryServices): Promise<void> {
  const job = idPattern.test(id) ? id : null;
  try {
    if (job === null) throw new NoSuchJobError(id);
    await db.$transaction(async (tx) => {
      const tenantId = await reschedule(tx, job);
      await writeAudit(tx, { ...actor, action, tenantId, outcome: 'ALLOWED', detail: { job } });
    });
  } catch (error) {
    if (error instanceof NoSuchJobError) {
      await catalog.recordAudit({ ...actor, action, tenantId: null, outcome: 'DENIED', detail: { job, reason: error.name } });
    }
    throw error;
  }
}

/** @returns the tenant that it is for, as far as the queue knows @throws {NoSuchJobError} */
async function reschedule(tx: Prisma.TransactionClient, id: string): Promise<string | null> {
  const [job] = await tx.$queryRaw<{ tenantId: string | null }[]>`
    SELECT ${Prisma.raw(flaggedTenantSql)} AS "tenantId" FROM ${schema}.reschedule_jobs(
      ARRAY(SELECT id FROM ${schema}.jobs WHERE id = ${id}::bigint AND locked_at IS NULL AND attempts > 0), run_at := now(), attempts := 0)`;
  if (!job) throw new NoSuchJobError(id);
  return canonicalUuid(job.tenantId ?? '');
}
