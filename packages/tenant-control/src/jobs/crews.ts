import type { Logger } from '@tenantry/service';
import type { ParsedCronItem, Task, TaskList } from 'graphile-worker';
import type { CrewTasks } from './crew.ts';
import { JobRefusedError, JobTakenOverError } from './errors.ts';
import { jobActor } from './job-actor.ts';
import type { JobMetrics } from './job-metrics.ts';
import { runTenantJob, type TenantJobServices } from './run-tenant-job.ts';
import type { ScheduledTask } from './scheduled-task.ts';
import type { ShiftSignals } from './shift.ts';
import { longestRunMs, type TenantTask } from './tenant-task.ts';

export interface CrewsOptions extends TenantJobServices {
  readonly scheduled: readonly ScheduledTask[];
  readonly cronItems: ParsedCronItem[];
  readonly tenantTasks: readonly TenantTask[];
  /** Jobs for tenants that are run at the same time. */
  readonly concurrency: number;
  readonly metrics: JobMetrics;
  /** Has a job that runs not be tried again. */
  readonly giveUp: (jobId: string) => Promise<void>;
  /** Whether a job is still that of the worker of this name. */
  readonly isHeldBy: (jobId: string, worker: string) => Promise<boolean>;
}

/** Scheduled jobs that are run at the same time; each of them deals with one tenant after the other. */
const scheduledAtOnce = 2;

/** One for the whole installation and one for single tenants: backups that take hours leave no shelf empty. */
export function toCrews(options: CrewsOptions, signals: ShiftSignals): CrewTasks[] {
  const { scheduled, tenantTasks, concurrency, cronItems, logger } = options;
  const sweeping = taskList(
    scheduled,
    options,
    (task) =>
      async (_payload, { job: { id } }) =>
        await runScheduled(task, id, signals.stop, logger),
  );
  const serving = taskList(tenantTasks, options, (task) => async (payload, { job: { id, attempts: attempt } }) => {
    await runTenantJob(task, { id, attempt, payload }, signals, options);
  });
  return [
    { tasks: sweeping, concurrency: scheduledAtOnce, cronItems },
    { tasks: serving, concurrency, cronItems: [] },
  ];
}

function taskList<Each extends { name: string }>(tasks: readonly Each[], options: CrewsOptions, toTask: (task: Each) => Task): TaskList {
  return Object.fromEntries(tasks.map((task) => [task.name, observed(task.name, toTask(task), options)]));
}

async function runScheduled(task: ScheduledTask, id: string, stop: AbortSignal, logger: Logger): Promise<void> {
  const { name } = task;
  const signal = AbortSignal.any([stop, AbortSignal.timeout(longestRunMs)]);
  const result = await task.run({ actor: jobActor(id), signal, logger: logger.child({ task: name, job: id }) });
  if (Object.values(result).some((count) => count > 0)) logger.info({ task: name, ...result }, 'a scheduled job is done');
}

/**
 * Has it counted and logged how jobs end, and those not be tried again that were refused. One that others have taken over fails, which the
 * queue ignores: as done it would be removed, though they are at it.
 */
function observed(name: string, task: Task, { metrics, giveUp, isHeldBy, logger }: CrewsOptions): Task {
  return async (payload, helpers) => {
    const began = performance.now();
    const seconds = () => (performance.now() - began) / 1000;
    const { id, attempts, max_attempts: maxAttempts, locked_by: worker } = helpers.job;
    try {
      await task(payload, helpers);
      if (worker === null || !(await isHeldBy(id, worker))) throw new JobTakenOverError(id);
      metrics.ended(name, 'done', seconds());
    } catch (err) {
      const isRefused = err instanceof JobRefusedError;
      metrics.ended(name, isRefused ? 'refused' : 'failed', seconds());
      if (isRefused || attempts >= maxAttempts) logger.error({ err, task: name, job: id }, 'a job has failed for good');
      else logger.warn({ err, task: name, job: id, attempts, maxAttempts }, 'a job has failed, and is tried again');
      if (isRefused) await giveUp(id);
      throw err;
    }
  };
}
