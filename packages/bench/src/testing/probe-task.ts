import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { childTask } from '../child-task.ts';

const behaviours = ['answers', 'fails', 'dies', 'never ends'] as const;

/** A task that ends in each way in which a task can. */
export const probe = childTask({
  module: import.meta.url,
  name: 'probe',
  input: z.enum(behaviours),
  output: z.object({ pid: z.int() }),
  run: async (behaviour, report) => {
    report(`it ${behaviour}`);
    if (behaviour === 'fails') throw new Error('on purpose');
    if (behaviour === 'dies') process.kill(process.pid, 'SIGKILL');
    if (behaviour === 'never ends') await sleep(600_000);
    return { pid: process.pid };
  },
});
