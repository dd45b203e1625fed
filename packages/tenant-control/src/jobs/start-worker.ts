import { createJobVerifier } from '@tenantry/auth';
import type { Logger } from '@tenantry/service';
import type { TenantEvents, TenantPool } from '@tenantry/tenant-pool';
import type { Registry } from 'prom-client';
import type { Catalog } from '../catalog/catalog.ts';
import { openControlClient } from '../control-client.ts';
import { toCronItems, type Schedules } from './cron.ts';
import { toCrews } from './crews.ts';
import { TaskDefinitionError } from './errors.ts';
import { countJobs, giveUpJob, isHeldBy } from './job-board.ts';
import { JobMetrics } from './job-metrics.ts';
import type { ScheduledTask } from './scheduled-task.ts';
import type { ShiftPatience } from './shift.ts';
import type { TenantTask } from './tenant-task.ts';
import { Shifts } from './shifts.ts';

export interface WorkerOptions {
  controlDatabaseUrl: string;
  /** Shared with those who queue jobs for tenants. */
  signingKey: Buffer;
  catalog: Pick<Catalog, 'findTenants' | 'recordAudit'>;
  /** For the jobs of tenants; one whose leases do not count as use of them. */
  pool: Pick<TenantPool, 'lease'>;
  /** Carries word of what jobs change. Default: nobody is told. */
  events?: Pick<TenantEvents, 'announce'>;
  /** For the whole installation, each at its times. */
  scheduled: readonly ScheduledTask[];
  /** For single tenants, when they are asked for. */
  tenantTasks: readonly TenantTask[];
  schedules?: Schedules;
  /** Jobs for tenants that this worker runs at the same time. Default 4. */
  concurrency?: number;
  /** How long the jobs that run get when the worker is to stop. Default 8 s until their signal aborts, 14 s until they are set free. */
  patience?: ShiftPatience;
  metrics: Registry;
  logger: Logger;
}

export interface Worker extends AsyncDisposable {
  /** @throws when the worker runs no jobs at the moment, or the control database does not answer */
  checkReadiness(): Promise<void>;
}

const defaultConcurrency = 4;

/** Within the time that a process gets to stop. */
const defaultPatience: ShiftPatience = { graceMs: 8000, deadlineMs: 14_000 };

/**
 * Runs jobs until it is disposed of. Any number of workers may run at the same time, and die at any moment: what they were at is run again
 * by the others.
 *
 * @throws {TaskDefinitionError} when the tasks do not go together
 * @throws when the control database does not answer, or its job queue is not of this release
 */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { controlDatabaseUrl, scheduled, tenantTasks, schedules = {}, concurrency = defaultConcurrency, metrics, logger } = options;
  refuseNamesakes([...scheduled, ...tenantTasks]);
  const cronItems = toCronItems(scheduled, schedules);
  await using opening = new AsyncDisposableStack();
  const { pool } = opening.use(openControlClient({ url: controlDatabaseUrl, applicationName: 'tenantry:jobs', logger }));
  const jobMetrics = new JobMetrics(metrics, async () => {
    return await countJobs(pool).catch((err: unknown) => {
      logger.warn({ err }, 'the jobs in the queue could not be counted');
      return null;
    });
  });
  const crews = {
    ...options,
    verifier: createJobVerifier({ key: options.signingKey }),
    cronItems,
    concurrency,
    metrics: jobMetrics,
    giveUp: async (id: string) => await giveUpJob(pool, id),
    isHeldBy: async (id: string, by: string) => await isHeldBy(pool, id, by),
  };
  const shifts = opening.use(
    await Shifts.begin({
      controlDatabaseUrl,
      crews: (signals) => toCrews(crews, signals),
      patience: options.patience ?? defaultPatience,
      logger,
    }),
  );
  const opened = opening.move();
  return {
    checkReadiness: async () => {
      shifts.assertOnDuty();
      await pool.query('SELECT');
    },
    [Symbol.asyncDispose]: async () => await opened.disposeAsync(),
  };
}

function refuseNamesakes(tasks: readonly { name: string }[]): void {
  const twice = tasks.map(({ name }) => name).find((name, index, names) => names.indexOf(name) < index);
  if (twice !== undefined) throw new TaskDefinitionError(`There are two tasks called ${twice}.`);
}
