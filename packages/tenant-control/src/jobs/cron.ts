import { parseCronItem, parseCronItems, type CronItem, type ParsedCronItem } from 'graphile-worker';
import { TaskDefinitionError } from './errors.ts';
import { scheduledAttempts as maxAttempts, type ScheduledTask } from './scheduled-task.ts';

/** When tasks are run, by name, in place of their own schedules; null for never. */
export type Schedules = Readonly<Record<string, string | null>>;

/** Milliseconds for which a run that was missed is made up for, where it is. */
const catchUpMs = 25 * 3_600_000;

/** @throws {TaskDefinitionError} for a name that no task has */
export function toCronItems(tasks: readonly ScheduledTask[], schedules: Schedules): ParsedCronItem[] {
  const names = new Set(tasks.map(({ name }) => name));
  const strangers = Object.keys(schedules).filter((name) => !names.has(name));
  if (strangers.length > 0) {
    throw new TaskDefinitionError(`JOB_SCHEDULES names ${strangers.join(', ')}; there is ${[...names].toSorted().join(', ')}.`);
  }
  return parseCronItems(
    tasks.flatMap((task) => {
      const { [task.name]: match = task.cron } = schedules;
      return match === null ? [] : [toCronItem(task, match)];
    }),
  );
}

/** The queue of its name runs one at a time; the key lets one wait. */
function toCronItem({ name, catchesUp = false }: ScheduledTask, match: string): CronItem {
  const options = { jobKey: name, jobKeyMode: 'replace', queueName: name, maxAttempts, backfillPeriod: catchesUp ? catchUpMs : 0 } as const;
  return { task: name, identifier: name, match, options };
}

/** Whether cron understands it. */
export function isCron(text: string): boolean {
  try {
    parseCronItem({ task: 'any', match: text });
    return true;
  } catch {
    return false;
  }
}
