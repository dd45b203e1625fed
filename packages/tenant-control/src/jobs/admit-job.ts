import type { JobContext, JobVerifier } from '@tenantry/auth';
import { UnauthenticatedError } from '@tenantry/service';
import { z } from 'zod';
import type { Catalog } from '../catalog/catalog.ts';
import { JobRefusedError, TenantNotReadyError } from './errors.ts';
import type { TenantTask } from './tenant-task.ts';

/** A job as the queue has it. */
export interface QueuedJob {
  readonly id: string;
  readonly attempt: number;
  readonly payload: unknown;
}

/** What a job for a tenant has for a payload. */
const carried = z.strictObject({ context: z.string() });

/**
 * Lets a job for a tenant pass.
 *
 * @throws {JobRefusedError} when it carries no tenant context of its own that is good still, or the tenant is gone
 * @throws {TenantNotReadyError} when the tenant is not what the task wants it to be
 */
export async function admitJob(
  { name, statuses }: Pick<TenantTask, 'name' | 'statuses'>,
  { id, payload }: QueuedJob,
  { verifier, catalog }: { verifier: JobVerifier; catalog: Pick<Catalog, 'findTenants'> },
): Promise<JobContext> {
  const context = verify(verifier, { task: name, jobId: id }, payload);
  const [tenant] = await catalog.findTenants([context.tenantId]);
  if (!tenant || tenant.status === 'DELETED') {
    throw new JobRefusedError(name, id, context.tenantId, 'its tenant is gone');
  }
  if (!statuses.includes(tenant.status)) throw new TenantNotReadyError(tenant, name);
  return context;
}

function verify(verifier: JobVerifier, job: { task: string; jobId: string }, payload: unknown): JobContext {
  try {
    return verifier.verify(carried.safeParse(payload).data?.context, job);
  } catch (cause) {
    if (!(cause instanceof UnauthenticatedError)) throw cause;
    throw new JobRefusedError(job.task, job.jobId, null, cause.message, { cause });
  }
}
