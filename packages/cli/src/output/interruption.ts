import type { Output } from '../terminal.ts';

/** What a shell says of a command that Ctrl-C has ended. */
const interrupted = 130;

const explanation =
  'Interrupted. What was begun is brought to its end, or undone, by the services: tenantry runs list TENANT, tenantry backup list TENANT';

/** Runs `work`, whose end Ctrl-C does not wait for: it says what becomes of it, and ends the process. */
export async function interruptible<Result>(stderr: Output, work: () => Promise<Result>): Promise<Result> {
  const stop = () => {
    stderr.write(`\n${explanation}\n`);
    process.exit(interrupted);
  };
  process.once('SIGINT', stop);
  try {
    return await work();
  } finally {
    process.removeListener('SIGINT', stop);
  }
}
