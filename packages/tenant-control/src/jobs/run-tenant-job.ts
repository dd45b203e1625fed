import type { JobVerifier } from '@tenantry/auth';
import type { Logger } from '@tenantry/service';
import type { TenantEvents, TenantPool } from '@tenantry/tenant-pool';
import type { Catalog } from '../catalog/catalog.ts';
import { JobRefusedError } from './errors.ts';
import { parseOrRefuse } from '../parse-or-refuse.ts';
import { admitJob, type QueuedJob } from './admit-job.ts';
import { jobActor } from './job-actor.ts';
import { JobLease } from './job-lease.ts';
import type { ShiftSignals } from './shift.ts';
import type { TenantTask } from './tenant-task.ts';

export interface TenantJobServices {
  readonly verifier: JobVerifier;
  readonly catalog: Pick<Catalog, 'findTenants' | 'recordAudit'>;
  /** One whose leases do not count as use: what is done in the background keeps no tenant awake, and wakes none. */
  readonly pool: Pick<TenantPool, 'lease'>;
  /** Default: nobody is told of what jobs change. */
  readonly events?: Pick<TenantEvents, 'announce'> | undefined;
  readonly logger: Logger;
}

/**
 * Runs one job of a task for its tenant, if its tenant context is good.
 *
 * @throws {JobRefusedError} when it is not, which is on record then
 * @throws {TenantNotReadyError} or what the task throws: it is to be tried again
 */
export async function runTenantJob(task: TenantTask, job: QueuedJob, signals: ShiftSignals, services: TenantJobServices): Promise<void> {
  const { pool, events, logger } = services;
  const { tenantId, payload, requester } = await recordingRefusal(job, services, async () => await admitJob(task, job, services));
  const limited = AbortSignal.any([signals.stop, AbortSignal.timeout(task.timeLimitMs)]);
  limited.throwIfAborted();
  const leaseOptions = { operation: `job:${task.name}`, holdMs: task.timeLimitMs, signal: limited };
  await using lease = new JobLease(job.id, async () => await pool.lease(tenantId, leaseOptions));
  // Whatever it is at: others do the same from now on.
  const cutOff = () =>
    void lease[Symbol.asyncDispose]().catch((err: unknown) => logger.warn({ err, job: job.id }, 'a job could not be cut off'));
  signals.release.addEventListener('abort', cutOff);
  try {
    await task.run({
      id: job.id,
      tenantId,
      payload: parseOrRefuse(task.payload, payload, 'payload'),
      attempt: job.attempt,
      requester,
      signal: limited,
      logger: logger.child({ task: task.name, job: job.id, tenantId }),
      db: async () => await lease.db(),
      announce: (topic, id) => events?.announce({ tenantId, topic, id }),
    });
  } finally {
    signals.release.removeEventListener('abort', cutOff);
  }
}

async function recordingRefusal<Result>({ id }: QueuedJob, { catalog }: TenantJobServices, admit: () => Promise<Result>): Promise<Result> {
  try {
    return await admit();
  } catch (error) {
    if (error instanceof JobRefusedError) {
      const { task, tenantId, reason } = error;
      await catalog.recordAudit({ ...jobActor(id), action: 'job.run', tenantId, outcome: 'DENIED', detail: { task, job: id, reason } });
    }
    throw error;
  }
}
