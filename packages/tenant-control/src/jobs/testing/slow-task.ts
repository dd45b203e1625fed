import { uniqueName } from '../../testing/installation.ts';
import type { ScheduledTask } from '../scheduled-task.ts';

export interface SlowTask extends ScheduledTask {
  /** The jobs that have begun, in order. */
  readonly begun: string[];
  /** How many were under way at the same time at most. */
  readonly most: number;
  /** Ends those that run, and lets others end at once. */
  finish(): void;
}

/** A scheduled task, at no time of its own accord, that notes what it does and goes on until it is told to end. */
export function slowTask(name = uniqueName('slow').replace('_', '-')): SlowTask {
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  const begun: string[] = [];
  let [underWay, most] = [0, 0];
  return {
    name,
    cron: '0 0 1 1 *',
    begun,
    get most() {
      return most;
    },
    finish,
    run: async ({ actor }) => {
      begun.push(actor.requestId);
      most = Math.max(most, ++underWay);
      await finished;
      underWay--;
      return {};
    },
  };
}
