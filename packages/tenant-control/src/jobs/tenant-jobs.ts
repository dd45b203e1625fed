import { createJobSigner } from '@tenantry/auth';
import { canonicalUuid, type Logger } from '@tenantry/service';
import type { Pool } from 'pg';
import { z } from 'zod';
import { openControlClient } from '../control-client.ts';
import { noSuchTenant } from '../errors.ts';
import { parseOrRefuse } from '../parse-or-refuse.ts';
import type { Actor } from '../tenant.ts';
import { enqueueJobs } from './enqueue-jobs.ts';
import type { TenantTask } from './tenant-task.ts';

/** Queues jobs for tenants. Each carries a tenant context that is signed for it alone. */
export interface TenantJobs {
  /** @returns the job's id @throws as {@link enqueueAll} */
  enqueue<Payload>(task: TenantTask<Payload>, request: JobRequest<Payload>): Promise<string>;
  /**
   * Queues all of them, or none.
   *
   * @returns the ids of the jobs, in order
   * @throws {TenantNotFoundError} for what is no tenant's id {BadInputError} for a payload that the task does not take, or no fit key
   */
  enqueueAll<Payload>(task: TenantTask<Payload>, requests: readonly JobRequest<Payload>[]): Promise<string[]>;
}

export interface JobRequest<Payload> {
  readonly tenantId: string;
  readonly payload: Payload;
  /** Who wants it done. */
  readonly requester: Actor;
  /** A job of the same task, tenant and key that has not begun yet takes this payload, and no other is queued: 1 to 200 characters. Default: another is. */
  readonly key?: string;
  /** Default: now. */
  readonly runAt?: Date;
}

const keyRule = 'must have 1 to 200 characters, none of them NUL';
const jobKey = z
  .string()
  .min(1, keyRule)
  .max(200, keyRule)
  .refine((key) => !key.includes('\0'), keyRule)
  .optional();

export interface TenantJobsOptions {
  /** Of a database that {@link prepareControlDatabase} has prepared. */
  controlDatabaseUrl: string;
  /** Shared with the workers (`SUBGRAPH_SIGNING_KEY`). */
  signingKey: Buffer;
  logger: Logger;
}

/** Connects when it is first used. */
export function openTenantJobs({ controlDatabaseUrl: url, signingKey, logger }: TenantJobsOptions): TenantJobs & AsyncDisposable {
  const client = openControlClient({ url, applicationName: 'tenantry:queue', logger });
  return { ...tenantJobs(client.pool, signingKey), [Symbol.asyncDispose]: async () => await client[Symbol.asyncDispose]() };
}

export function tenantJobs(pool: Pool, signingKey: Buffer): TenantJobs {
  const signer = createJobSigner({ key: signingKey });
  const enqueueAll: TenantJobs['enqueueAll'] = async (task, requests) => {
    const wanted = requests.map((request) => checked(task, request));
    return wanted.length === 0 ? [] : await enqueueJobs(pool, signer, task, wanted);
  };
  return {
    enqueueAll,
    enqueue: async (task, request) => {
      const [id = ''] = await enqueueAll(task, [request]);
      return id;
    },
  };
}

function checked<Payload>(task: TenantTask<Payload>, request: JobRequest<Payload>): JobRequest<Payload> {
  const tenantId = canonicalUuid(request.tenantId);
  if (tenantId === null) throw noSuchTenant(request.tenantId);
  parseOrRefuse(jobKey, request.key, 'key');
  return { ...request, tenantId, payload: parseOrRefuse(task.payload, request.payload, 'payload') };
}
