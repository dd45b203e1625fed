import { parseJson } from '@tenantry/service';
import { z } from 'zod';
import { isCron, type Schedules } from './cron.ts';
import type { HousekeepingPolicy } from './housekeeping-tasks.ts';

/** How jobs are run, and what is done by itself. */
export interface JobsConfig extends HousekeepingPolicy {
  /** Jobs for tenants that one worker runs at the same time. */
  readonly concurrency: number;
  readonly schedules: Schedules;
}

/** What holds where nothing is said. */
export const defaultJobsConfig: JobsConfig = { concurrency: 4, schedules: {}, hibernation: null, confirmMovesAfterDays: 7 };

const example = '{"sample-usage": "*/30 * * * *", "purge-due": null}';
const mostJobs = 64;
const mostDays = 3650;
const concurrencyRule = `must be a whole number from 1 to ${mostJobs}`;
const daysRule = `must be a whole number of days from 1 to ${mostDays}`;

const schedules = z.record(
  z.string(),
  z
    .string('must be a schedule as cron has it, or null for never')
    .refine(isCron, 'must be a schedule as cron has it, such as "*/15 * * * *"')
    .nullable(),
);

const schedulesVariable = z.string().transform((text, check): Schedules => {
  const { success, data, error } = schedules.safeParse(parseJson(text));
  if (success) return data;
  const where = error.issues.map(({ path, message }) => `${path.join('.')} ${message}`.trim()).join('; ');
  check.addIssue(`must be JSON such as ${example} (${where})`);
  return z.NEVER;
});

/** The variables of a worker, beside those of the installation. */
export const jobVariables = {
  WORKER_CONCURRENCY: z.coerce
    .number(concurrencyRule)
    .int(concurrencyRule)
    .min(1, concurrencyRule)
    .max(mostJobs, concurrencyRule)
    .optional(),
  JOB_SCHEDULES: schedulesVariable.optional(),
  HIBERNATE_AFTER_DAYS: z.coerce.number(daysRule).int(daysRule).min(1, daysRule).max(mostDays, daysRule).optional(),
  CONFIRM_MOVES_AFTER_DAYS: z.coerce.number(daysRule).int(daysRule).min(1, daysRule).max(mostDays, daysRule).optional(),
  HIBERNATE_KEEP: z.enum(['closed', 'dropped'], 'must be "closed" or "dropped"').default('closed'),
};

/** What the values of {@link jobVariables} say. */
export function jobsConfig(values: z.output<z.ZodObject<typeof jobVariables>>): JobsConfig {
  const {
    WORKER_CONCURRENCY,
    JOB_SCHEDULES,
    HIBERNATE_AFTER_DAYS: idleDays,
    HIBERNATE_KEEP: keep,
    CONFIRM_MOVES_AFTER_DAYS: days,
  } = values;
  return {
    concurrency: WORKER_CONCURRENCY ?? defaultJobsConfig.concurrency,
    schedules: JOB_SCHEDULES ?? defaultJobsConfig.schedules,
    hibernation: idleDays === undefined ? null : { idleDays, keep },
    confirmMovesAfterDays: days ?? defaultJobsConfig.confirmMovesAfterDays,
  };
}
