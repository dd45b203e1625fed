import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { JobCount, JobState } from './job-board.ts';

/** How a job ended. */
export type JobOutcome = 'done' | 'failed' | 'refused';

const states: readonly JobState[] = ['READY', 'WAITING', 'RUNNING', 'FAILED'];

/** Seconds. */
const durationBuckets = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 1800];

/** What a worker does, and what there is to do. */
export class JobMetrics {
  readonly #runs: Counter<'task' | 'outcome'>;
  readonly #durations: Histogram<'task'>;

  /** @param count asked at each scrape; null when it cannot be told, which leaves the last count */
  constructor(registry: Registry, count: () => Promise<readonly JobCount[] | null>) {
    const registers = [registry];
    this.#runs = new Counter({
      name: 'tenantry_jobs_total',
      help: 'Jobs that this worker has run, by task and how they ended. Refused ones carried no good tenant context.',
      labelNames: ['task', 'outcome'],
      registers,
    });
    this.#durations = new Histogram({
      name: 'tenantry_job_duration_seconds',
      help: 'Seconds that jobs have taken, by task.',
      labelNames: ['task'],
      buckets: durationBuckets,
      registers,
    });
    const depth = new Gauge({
      name: 'tenantry_job_queue',
      help: 'Jobs of the whole installation, by task and state. Failed ones are not tried again by themselves.',
      labelNames: ['task', 'state'],
      registers,
      collect: async () => {
        const counts = await count();
        if (!counts) return;
        depth.reset();
        for (const { task } of counts) for (const state of states) depth.set({ task, state: state.toLowerCase() }, 0);
        for (const { task, state, count: jobs } of counts) depth.set({ task, state: state.toLowerCase() }, jobs);
      },
    });
  }

  ended(task: string, outcome: JobOutcome, seconds: number): void {
    this.#runs.inc({ task, outcome });
    this.#durations.observe({ task }, seconds);
  }
}
