import { randomBytes } from 'node:crypto';
import { silentLogger } from '@tenantry/service';
import { createTenantDirectory, createTenantPool, type TenantPool } from '@tenantry/tenant-pool';
import { Pool } from 'pg';
import { Registry } from 'prom-client';
import { openInstallation, operator, uniqueName, type Installation } from '../../testing/installation.ts';
import type { JobListing } from '../job-board.ts';
import { jobsSchema } from '../jobs-schema.ts';
import { startWorker, type Worker, type WorkerOptions } from '../start-worker.ts';
import { tenantJobs, type TenantJobs } from '../tenant-jobs.ts';

/** An installation with a job queue, and the means to run workers over it. */
export interface JobBench extends AsyncDisposable {
  readonly installation: Installation;
  readonly signingKey: Buffer;
  readonly jobs: TenantJobs;
  /** To the control database. */
  readonly pool: Pool;
  readonly tenants: TenantPool;
  provision(): Promise<string>;
  /** Queues a scheduled task, as its schedule does. */
  request(task: string): Promise<void>;
  /** The jobs of a task that are in the queue. */
  list(task: string): Promise<JobListing[]>;
  /** A worker that runs these tasks; by default none, and at no time of its own accord. */
  work(options: Partial<WorkerOptions>): Promise<Worker & { metrics: Registry }>;
}

export async function openJobBench(serverUrl: string): Promise<JobBench> {
  await using opened = new AsyncDisposableStack();
  const installation = opened.use(await openInstallation({ serverUrl, clusters: [{ name: 'standard', adminUrl: serverUrl, shelf: 0 }] }));
  const { catalog, bus, keyRing, controlDatabaseUrl, control } = installation;
  const pool = opened.adopt(new Pool({ connectionString: controlDatabaseUrl, max: 3 }), async (each) => await each.end());
  const directory = opened.use(createTenantDirectory({ source: catalog, bus, logger: silentLogger }));
  const tenants = opened.use(await createTenantPool({ directory, keyRing, service: 'jobs', logger: silentLogger }));
  const signingKey = randomBytes(32);
  const running = opened.move();
  return {
    installation,
    signingKey,
    jobs: tenantJobs(pool, signingKey),
    pool,
    tenants,
    provision: async () => {
      const slug = uniqueName('t').replace('_', '-');
      return (await control.provisionTenant({ slug, name: 'Acme' }, { actor: operator })).id;
    },
    request: async (task) => {
      await pool.query(`SELECT FROM ${jobsSchema}.add_job($1, queue_name := $1, job_key := $1)`, [task]);
    },
    list: async (task) => await catalog.listJobs({ limit: 10, task }),
    work: async (options) => {
      const metrics = new Registry();
      const defaults = { controlDatabaseUrl, signingKey, catalog, pool: tenants, scheduled: [], tenantTasks: [], logger: silentLogger };
      return Object.assign(await startWorker({ ...defaults, metrics, ...options }), { metrics });
    },
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  };
}
