/**
 * A worker that takes one job, says so, and never ends it: to be killed over it.
 * `node doomed-job-worker.ts CONTROL_DATABASE_URL`
 */
import { silentLogger } from '@tenantry/service';
import { Registry } from 'prom-client';
import { openCatalog } from '../../catalog/catalog.ts';
import { startWorker } from '../start-worker.ts';

const [controlDatabaseUrl = ''] = process.argv.slice(2);
const logger = silentLogger;
await startWorker({
  controlDatabaseUrl,
  signingKey: Buffer.alloc(32),
  catalog: openCatalog({ controlDatabaseUrl, logger }),
  pool: { lease: async () => await Promise.reject(new Error('no tenants here')) },
  scheduled: [
    {
      name: 'endless',
      cron: '0 0 1 1 *',
      run: async () => {
        console.log('begun');
        return await new Promise(() => {});
      },
    },
  ],
  tenantTasks: [],
  metrics: new Registry(),
  logger,
});
