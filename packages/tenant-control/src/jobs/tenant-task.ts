import type { TenantStatus } from '@tenantry/prisma/control';
import type { Logger } from '@tenantry/service';
import type { TenantDb } from '@tenantry/tenant-pool';
import { z } from 'zod';
import { parseOrRefuse } from '../parse-or-refuse.ts';
import type { Actor } from '../tenant.ts';

/** One job for one tenant, as its task sees it. */
export interface TenantJob<Payload> {
  /** As the queue calls it. */
  readonly id: string;
  readonly tenantId: string;
  readonly payload: Payload;
  /** Which try this is, from 1. */
  readonly attempt: number;
  /** Who had it queued. */
  readonly requester: Actor;
  /** Aborted when the job has taken too long, or its worker is to stop: the job is then tried again. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /**
   * The tenant's database, by one lease that ends with the job and does not count as use of the tenant.
   *
   * @throws as {@link TenantPool.lease}
   */
  readonly db: () => Promise<TenantDb>;
  /** Tells those who subscribe that a thing of the tenant has changed; to be called once that is committed. */
  readonly announce: (topic: string, id: string) => void;
}

export interface TenantTaskDefinition<Payload> {
  /** Unique in the installation: lower-case letters, digits, hyphens and dots, such as `users.send-digest`. */
  name: string;
  /** What comes with each job: JSON, of at most some kilobytes. */
  payload: z.ZodType<Payload, Payload>;
  /** Does the job. May run twice, when its process dies or is cut off: so it looks before it acts. What it throws is tried again, later. */
  run(job: TenantJob<Payload>): Promise<void>;
  /** What a tenant may be while a job runs for it; else the job waits, as if it had failed. Default `['ACTIVE']`. */
  statuses?: readonly TenantStatus[];
  /** Whether a tenant's jobs of all such tasks run one after the other. Few tenants share a place in that queue. Default false. */
  isSerial?: boolean;
  /** Default 10, over some 4 hours. */
  maxAttempts?: number;
  /** Milliseconds after which a job's signal aborts and its lease ends; at most 3 hours. Default 5 minutes. */
  timeLimitMs?: number;
  /** Has a job queued for every tenant, time and again. */
  schedule?: TaskSchedule<Payload>;
}

export interface TaskSchedule<Payload> {
  /** As cron has it, in UTC: minute, hour, day of the month, month, day of the week. */
  readonly cron: string;
  readonly payload: Payload;
}

/** Something to be done for one tenant at a time, apart from any request. */
export type TenantTask<Payload = unknown> = Required<Omit<TenantTaskDefinition<Payload>, 'schedule'>> & {
  readonly schedule: TaskSchedule<Payload> | null;
};

const defaultMaxAttempts = 10;
const defaultTimeLimitMs = 300_000;

/** Milliseconds that a job may take at most: the queue itself hands one out again that was begun 4 hours ago. */
export const longestRunMs = 3 * 3_600_000;
const mostAttempts = 25;

const taskName = z
  .string()
  .regex(/^[a-z][a-z0-9]*(?:[-.][a-z0-9]+)*$/, 'must be lower-case letters and digits in words parted by hyphens and dots')
  .max(100, 'must have at most 100 characters');
const attempts = z.int('must be a whole number').min(1, 'must be at least 1').max(mostAttempts, `must be at most ${mostAttempts}`);
const timeLimit = z.number('must be a number').positive('must be more than 0').max(longestRunMs, `must be at most ${longestRunMs}`);

/** @throws {BadInputError} naming what is wrong with the definition */
export function defineTenantTask<Payload>(definition: TenantTaskDefinition<Payload>): TenantTask<Payload> {
  const { maxAttempts = defaultMaxAttempts, timeLimitMs = defaultTimeLimitMs, schedule = null } = definition;
  const { payload, statuses = ['ACTIVE'], isSerial = false } = definition;
  return {
    name: parseOrRefuse(taskName, definition.name, 'name'),
    payload,
    statuses,
    isSerial,
    maxAttempts: parseOrRefuse(attempts, maxAttempts, 'maxAttempts'),
    timeLimitMs: parseOrRefuse(timeLimit, timeLimitMs, 'timeLimitMs'),
    schedule,
    run: async (job) => await definition.run(job),
  };
}
