import { ConflictError, NotFoundError, StartError } from '@tenantry/service';
import type { Tenant } from '../tenant.ts';

/** Raised when a job is not to be run: it carries no good tenant context of its own, or its tenant is gone. It never will be. */
export class JobRefusedError extends Error {
  override readonly name = 'JobRefusedError';
  readonly task: string;
  /** Null when nothing that can be believed says whose job it is. */
  readonly tenantId: string | null;
  readonly reason: string;

  constructor(task: string, jobId: string, tenantId: string | null, reason: string, options?: ErrorOptions) {
    super(`The job ${jobId} of the task ${task} is refused: ${reason}`, options);
    this.task = task;
    this.tenantId = tenantId;
    this.reason = reason;
  }
}

/** Raised when a job has ended that was begun again elsewhere, for its worker seemed to be gone. */
export class JobTakenOverError extends Error {
  override readonly name = 'JobTakenOverError';

  constructor(jobId: string) {
    super(`The job ${jobId} was taken over by another worker before it ended here.`);
  }
}

/** Raised when a tenant's status keeps a job from being run for it now. */
export class TenantNotReadyError extends ConflictError {
  constructor({ slug, status }: Tenant, task: string) {
    super(`The tenant "${slug}" is ${status}, for which the task ${task} is not run: it is tried again.`);
  }
}

/** Raised when the queue has no job of an id, or not one that has failed. */
export class NoSuchJobError extends NotFoundError {
  constructor(id: string) {
    super(`There is no job ${JSON.stringify(id)} that has failed, or waits to be tried again.`);
  }
}

/** Raised when the tasks of a worker do not go together, or their schedules are not what cron would understand. */
export class TaskDefinitionError extends StartError {}
