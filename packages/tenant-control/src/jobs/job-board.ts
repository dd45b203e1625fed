import type { Pool } from 'pg';
import { jobsSchema } from './jobs-schema.ts';
import { flaggedTenantSql, tenantFlag } from './tenant-flag.ts';

/** `WAITING`: to be run later, be it for the first time or again. `FAILED`: not tried again by itself. */
export type JobState = 'READY' | 'WAITING' | 'RUNNING' | 'FAILED';

/** A job as the queue has it. One that is done is not there any more. */
export interface JobListing {
  readonly id: string;
  readonly task: string;
  readonly state: JobState;
  /** The tenant that it is for, as far as the queue knows. */
  readonly tenantId: string | null;
  readonly attempts: number;
  readonly maxAttempts: number;
  /** When it was or is due. */
  readonly runAt: Date;
  readonly createdAt: Date;
  /** Of the last try; null also when the process died over it. */
  readonly error: string | null;
}

export interface ListJobsOptions {
  /** Jobs to read at most. */
  readonly limit: number;
  /** The job to start beyond. Default: from the newest on. */
  readonly after?: Pick<JobListing, 'id'> | null | undefined;
  readonly state?: JobState | null | undefined;
  readonly task?: string | null | undefined;
  readonly tenantId?: string | null | undefined;
}

const stateSql = `CASE
  WHEN locked_at IS NOT NULL THEN 'RUNNING'
  WHEN attempts >= max_attempts THEN 'FAILED'
  WHEN run_at > now() THEN 'WAITING'
  ELSE 'READY' END`;

const listings = `
  SELECT id, task_identifier AS task, ${stateSql} AS state, ${flaggedTenantSql} AS "tenantId", attempts, max_attempts AS "maxAttempts",
    run_at AS "runAt", created_at AS "createdAt", last_error AS error
  FROM ${jobsSchema}.jobs`;

/** The newest first. */
export async function listJobs(pool: Pool, { limit, after, state, task, tenantId }: ListJobsOptions): Promise<JobListing[]> {
  const { rows } = await pool.query<JobListing>(
    `SELECT * FROM (${listings}) AS listing
     WHERE ($1::bigint IS NULL OR id < $1::bigint) AND ($2::text IS NULL OR state = $2)
       AND ($3::text IS NULL OR task = $3) AND ($4::text IS NULL OR "tenantId" = $4)
     ORDER BY id DESC LIMIT $5`,
    [after?.id ?? null, state ?? null, task ?? null, tenantId?.toLowerCase() ?? null, limit],
  );
  return rows;
}

export interface JobCount extends Pick<JobListing, 'task' | 'state'> {
  readonly count: number;
}

/** How many jobs there are of each task in each state. */
export async function countJobs(pool: Pool): Promise<JobCount[]> {
  const { rows } = await pool.query<JobCount>(
    `SELECT task_identifier AS task, ${stateSql} AS state, count(*)::int AS count FROM ${jobsSchema}.jobs GROUP BY 1, 2`,
  );
  return rows;
}

/** Forgets the jobs that wait to be run for a tenant. One that runs at this moment is not tried again. */
export async function removeTenantJobs(pool: Pool, tenantId: string): Promise<void> {
  const flag = tenantFlag(tenantId.toLowerCase());
  await pool.query(`SELECT FROM ${jobsSchema}.complete_jobs(ARRAY(SELECT id FROM ${jobsSchema}.jobs WHERE flags ? $1))`, [flag]);
  await pool.query(
    `UPDATE ${jobsSchema}._private_jobs SET max_attempts = greatest(attempts, 1), payload = '{}' WHERE flags ? $1 AND locked_at IS NOT NULL`,
    [flag],
  );
}

/** Whether a job is still held by a worker of this name: it is not when it was taken over. */
export async function isHeldBy(pool: Pool, id: string, worker: string): Promise<boolean> {
  const { rowCount } = await pool.query(`SELECT FROM ${jobsSchema}._private_jobs WHERE id = $1 AND locked_by = $2`, [id, worker]);
  return rowCount === 1;
}

/** Has a job that runs not be tried again when it fails. */
export async function giveUpJob(pool: Pool, id: string): Promise<void> {
  // The functions of graphile-worker leave a job alone that runs.
  await pool.query(`UPDATE ${jobsSchema}._private_jobs SET max_attempts = greatest(attempts, 1) WHERE id = $1`, [id]);
}

/**
 * Removes jobs that failed for good more than `keepDays` ago, those that no worker has taken in that time, for none knows their task any
 * more, and failed ones of tenants that are gone.
 *
 * @returns how many
 */
export async function clearFailedJobs(pool: Pool, keepDays: number): Promise<number> {
  const { rowCount } = await pool.query(
    `SELECT FROM ${jobsSchema}.complete_jobs(ARRAY(
       SELECT id FROM ${jobsSchema}.jobs
       WHERE locked_at IS NULL AND (greatest(run_at, updated_at) < now() - make_interval(days => $1)
         OR attempts >= max_attempts AND ${flaggedTenantSql} IN (SELECT id::text FROM tenants WHERE status = 'DELETED'))))`,
    [keepDays],
  );
  return rowCount ?? 0;
}
