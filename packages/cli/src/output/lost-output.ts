import type { Writable } from 'node:stream';
import { exitStatus } from '../exit-status.ts';

/**
 * Ends the process when its output cannot be written: quietly when nobody reads on, for whoever reads may stop before the end, as
 * `tenantry tenants list | head` does; else with the reason.
 */
export function endWithOutput(output: Writable): void {
  output.on('error', (error) => {
    if ('code' in error && error.code === 'EPIPE') process.exit();
    process.stderr.write(`error: The output could not be written: ${error.message}\n`);
    process.exit(exitStatus.failed);
  });
}
