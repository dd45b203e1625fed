import { CommanderError } from 'commander';
import { nameDatabaseFault } from './database-faults.ts';
import { exitStatus, exitStatusOf } from './exit-status.ts';
import { reportError } from './output/report-error.ts';
import { createProgram } from './program.ts';
import { Session } from './session.ts';
import type { Terminal } from './terminal.ts';

/** Runs one command line. @returns the status to exit with */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  await using session = new Session(terminal);
  // `pnpm tenantry -- tenants list` hands the dashes on.
  const line = args[0] === '--' ? args.slice(1) : [...args];
  try {
    await createProgram(session).parseAsync(line, { from: 'user' });
    return exitStatus.done;
  } catch (thrown) {
    // Commander has said what is wrong with the command line.
    if (thrown instanceof CommanderError) return exitStatusOf(thrown);
    const error = nameDatabaseFault(thrown);
    reportError(error, session);
    return exitStatusOf(error);
  }
}
