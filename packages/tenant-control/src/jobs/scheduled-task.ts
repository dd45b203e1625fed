import type { Logger } from '@tenantry/service';
import type { Actor } from '../tenant.ts';

/** Tries of a scheduled job, before its next time has it queued anew. */
export const scheduledAttempts = 10;

/** Something to be done for the whole installation, time and again. One at a time is under way, whatever the number of workers. */
export interface ScheduledTask {
  readonly name: string;
  /** As cron has it, in UTC. */
  readonly cron: string;
  /** Whether it is done late, once, when it was missed. For what is done but once a day. */
  readonly catchesUp?: boolean;
  run(job: ScheduledJob): Promise<ScheduledResult>;
}

export interface ScheduledJob {
  /** Whom the audit log names. */
  readonly actor: Actor;
  /** Aborted when the job has taken 3 hours, or its worker is to stop; the next time goes on. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/** What was done, for the log; nothing worth a line when all of it is 0. */
export type ScheduledResult = Readonly<Record<string, number>>;
