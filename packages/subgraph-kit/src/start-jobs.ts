import { installationTasks, startWorker, type JobsConfig, type Worker } from '@tenantry/tenant-control';
import type { Registry } from 'prom-client';
import type { Subgraph } from './define-subgraph.ts';
import { ControlRequiredError } from './errors.ts';
import type { OpenServices } from './services.ts';

export interface StartJobsOptions {
  services: OpenServices;
  /** Those whose tasks are run. */
  subgraphs: readonly Subgraph[];
  config: JobsConfig;
  controlDatabaseUrl: string;
  /** As the services have it. */
  signingKey: Buffer;
  metrics: Registry;
}

/** Runs an installation's jobs in this process. @throws as {@link startWorker} {ControlRequiredError} */
export async function startJobs({ services, subgraphs, config, ...options }: StartJobsOptions): Promise<Worker> {
  const { control, catalog, jobs, jobPool, events, logger } = services;
  if (!control) throw new ControlRequiredError();
  const tasks = subgraphs.flatMap((subgraph) => subgraph.tasks);
  const { scheduled, tenantTasks } = installationTasks({ control, catalog, jobs, policy: config, tasks });
  const { schedules, concurrency } = config;
  return await startWorker({ ...options, catalog, pool: jobPool, events, scheduled, tenantTasks, schedules, concurrency, logger });
}
