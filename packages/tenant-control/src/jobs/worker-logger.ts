import { Logger as WorkerLogger } from 'graphile-worker';
import type { Logger } from '@tenantry/service';

/** What is news to graphile-worker is seldom news to whoever runs it. */
const levels = { error: 'error', warning: 'warn', info: 'debug', debug: 'trace' } as const;

/** Has graphile-worker log where we do; all but how jobs ended, which is logged where they are run. */
export function workerLogger(logger: Logger): WorkerLogger {
  return new WorkerLogger(() => (level, message, details) => {
    if (details && ('success' in details || 'failure' in details)) return;
    logger[levels[level]]({ ...(details?.['error'] !== undefined && { err: details['error'] }) }, message);
  });
}
