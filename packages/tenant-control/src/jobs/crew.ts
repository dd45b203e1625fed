import { EventEmitter } from 'node:events';
import type { Logger } from '@tenantry/service';
import { run, type ParsedCronItem, type Runner, type TaskList, type WorkerEvents, type WorkerPool } from 'graphile-worker';
import type { Pool } from 'pg';
import { jobsSchema } from './jobs-schema.ts';
import type { Presence } from './presence.ts';
import { workerLogger } from './worker-logger.ts';

/** Tasks whose jobs are run side by side, apart from all others. */
export interface CrewTasks {
  readonly tasks: TaskList;
  /** Jobs that are run at the same time. */
  readonly concurrency: number;
  readonly cronItems: ParsedCronItem[];
}

export interface CrewOptions extends CrewTasks {
  readonly pool: Pool;
  readonly presence: Presence;
  readonly logger: Logger;
}

/** Milliseconds between two looks for jobs that are due, where no notice of them came. */
const pollMs = 2000;

/** Milliseconds in which the end of a job is written down. */
const writtenDownMs = 50;

/** graphile-worker at work, under a name of its own. */
export class Crew {
  readonly #runner: Runner;
  readonly #workerPool: WorkerPool;

  private constructor(runner: Runner, workerPool: WorkerPool) {
    this.#runner = runner;
    this.#workerPool = workerPool;
  }

  /** @throws when the control database does not answer, or its job queue is not of this release */
  static async begin({ pool, presence, tasks, concurrency, cronItems, logger }: CrewOptions): Promise<Crew> {
    const events: WorkerEvents = new EventEmitter();
    // Kept in an object: a pool can be awaited, which waits for its end.
    const created: { pool?: WorkerPool } = {};
    events.once('pool:create', ({ workerPool }) => void (created.pool = workerPool));
    goOnInQueues(events);
    const caughtUp = catchUp(events);
    const runner = await run({
      pgPool: pool,
      schema: jobsSchema,
      concurrency,
      pollInterval: pollMs,
      noHandleSignals: true,
      logger: workerLogger(logger),
      events,
      // Before its first job the others have to see that it lives, and what was missed has to be one job.
      preset: presetWith(async (name) => void (await Promise.all([presence.declare(name), caughtUp]))),
      taskList: tasks,
      parsedCronItems: cronItems,
    });
    if (!created.pool) throw new Error('graphile-worker runs without a pool of workers.');
    return new Crew(runner, created.pool);
  }

  /** Resolves when it has ended, with why; it may have been told to. */
  async ended(): Promise<unknown> {
    return await this.#runner.promise.then(
      () => new Error('graphile-worker has ended.'),
      (error: unknown) => error,
    );
  }

  /** Takes no more jobs, and waits for those that run. Does not fail. */
  async end(): Promise<void> {
    // It may have stopped by itself.
    await this.#runner.stop().catch(() => {});
    await this.#workerPool.promise.catch(() => {});
  }

  /** Sets the jobs free that still run, for other workers; {@link end} waits for them no longer. */
  release(): void {
    Promise.resolve(this.#workerPool.forcefulShutdown('Its worker had to stop before it was done.')).catch(() => {});
  }
}

/** The next job of a named queue is free when the end of the last was written down, of which nobody is told: so it is looked for. */
function goOnInQueues(events: WorkerEvents): void {
  let isEnding = false;
  events.once('pool:gracefulShutdown', () => void (isEnding = true));
  events.on('job:complete', ({ job, worker }) => {
    if (job.job_queue_id === null) return;
    setTimeout(() => {
      if (!isEnding) worker.workerPool.nudge(1);
    }, writtenDownMs).unref();
  });
}

/** Resolves when what was missed is queued: until a job of it begins, each time that was missed replaces the one before. */
async function catchUp(events: WorkerEvents): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  events.once('cron:started', () => resolve());
  events.once('pool:gracefulShutdown', () => resolve());
  await promise;
}

/**
 * An end is written down in a batch, if only of one: else nobody would wait for that, nor hear that it failed.
 *
 * @param prepare called with the name under which jobs are taken, and awaited before the first is
 */
function presetWith(prepare: (name: string) => Promise<void>): GraphileConfig.Preset {
  return {
    plugins: [
      {
        name: 'TenantryPresence',
        version: '1.0.0',
        worker: { hooks: { startWorker: async (_context, { worker }) => await prepare(worker.workerPool.id) } },
      },
    ],
    worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 },
  };
}
