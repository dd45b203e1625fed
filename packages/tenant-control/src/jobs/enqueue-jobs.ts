import { randomUUID } from 'node:crypto';
import type { JobSigner } from '@tenantry/auth';
import type { Pool, PoolClient } from 'pg';
import { inTransaction } from '../postgres/in-transaction.ts';
import { jobsSchema } from './jobs-schema.ts';
import { tenantFlag } from './tenant-flag.ts';
import type { JobRequest } from './tenant-jobs.ts';
import type { TenantTask } from './tenant-task.ts';

/** What is sent to the queue, but for what it is to carry. */
interface JobSpec {
  readonly identifier: string;
  readonly queue_name: string | null;
  readonly run_at: string | null;
  readonly max_attempts: number;
  readonly job_key: string;
  readonly flags: readonly string[];
}

/** Milliseconds from when a job is due until it is too late: its tries, after a worker that was down for a long weekend. */
const lifetimeMs = 7 * 86_400_000;

/**
 * Queues checked requests. A context is signed for a job that has its id already: so each is queued, signed, and only then to be seen by
 * anybody.
 *
 * @returns the ids of the jobs, in order
 */
export async function enqueueJobs<Payload>(
  pool: Pool,
  signer: JobSigner,
  task: TenantTask<Payload>,
  requests: readonly JobRequest<Payload>[],
): Promise<string[]> {
  const keys = requests.map(({ tenantId, key = randomUUID() }) => `${task.name}:${tenantId}:${key}`);
  // The last one of a key counts: the queue takes each once.
  const byKey = new Map(requests.map((request, index) => [keys[index] ?? '', request]));
  const specs = [...byKey].map(([key, request]) => toSpec(task, key, request));
  const client = await pool.connect();
  try {
    return await inTransaction(client, async () => {
      const queued = await addJobs(client, specs);
      const signed = specs.map((spec) => {
        const { id, run_at: runAt } = queued.get(spec.job_key) ?? missing(spec);
        const { tenantId, payload, requester } = byKey.get(spec.job_key) ?? missing(spec);
        const { issuer, subject, requestId, origin = null } = requester;
        const job = { tenantId, task: task.name, jobId: id, payload, requester: { issuer, subject, requestId, origin } };
        return withContext(spec, signer.sign(job, new Date(runAt.getTime() + lifetimeMs)));
      });
      await addJobs(client, signed);
      return keys.map((key) => queued.get(key)?.id ?? '');
    });
  } finally {
    client.release();
  }
}

function toSpec<Payload>({ name, maxAttempts, isSerial }: TenantTask<Payload>, key: string, request: JobRequest<Payload>): JobSpec {
  return {
    identifier: name,
    queue_name: isSerial ? laneOf(request.tenantId) : null,
    run_at: request.runAt?.toISOString() ?? null,
    max_attempts: maxAttempts,
    job_key: key,
    flags: [tenantFlag(request.tenantId)],
  };
}

function withContext(spec: JobSpec, context: string): JobSpec & { payload: { context: string } } {
  return { ...spec, payload: { context } };
}

/** One of 256: the queue looks at every named queue for each job, so that there must not be one for every tenant. */
function laneOf(tenantId: string): string {
  return `tenants:${tenantId.slice(-2)}`;
}

interface AddedJob {
  readonly id: string;
  readonly key: string;
  readonly run_at: Date;
}

/** By key. A job of the same key that waits is replaced, but for its id and when it is due. */
async function addJobs(client: PoolClient, specs: readonly JobSpec[]): Promise<Map<string, AddedJob>> {
  const added = await tryToAdd(client, specs);
  // The queue replaces none that a worker takes in this very moment. Asked again, it sees that this one has begun, and adds another.
  const left = specs.filter(({ job_key: key }) => !added.has(key));
  return left.length === 0 ? added : new Map([...added, ...(await tryToAdd(client, left))]);
}

async function tryToAdd(client: PoolClient, specs: readonly JobSpec[]): Promise<Map<string, AddedJob>> {
  const { rows } = await client.query<AddedJob>(
    `SELECT id, key, run_at FROM ${jobsSchema}.add_jobs(ARRAY(SELECT json_populate_recordset(NULL::${jobsSchema}.job_spec, $1::json)), true)`,
    [JSON.stringify(specs)],
  );
  return new Map(rows.map((row) => [row.key, row]));
}

function missing({ job_key: key }: JobSpec): never {
  throw new Error(`The queue did not take the job ${key}.`);
}
