import { startOperationsServer, type Logger } from '@tenantry/service';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { startHealthServer } from './health.ts';
import { defaultSubgraphsDirectory, loadSubgraphs } from './load-subgraphs.ts';
import { openServices } from './services.ts';
import { startJobs } from './start-jobs.ts';
import type { WorkerConfig } from './worker-config.ts';

/** Starts a worker as a process of its own: its services, its metrics, the jobs, and last its health. */
export async function startWorkerProcess(config: WorkerConfig, logger: Logger): Promise<AsyncDisposable & { url: string }> {
  await using started = new AsyncDisposableStack();
  const { host, port, metricsPort, signingKey, controlDatabaseUrl, jobs } = config;
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });
  const subgraphs = await loadSubgraphs(defaultSubgraphsDirectory);
  const services = started.use(await openServices({ ...config, service: 'worker', logger, metrics }));
  started.use(await startOperationsServer({ host, port: metricsPort, metrics }));
  const worker = started.use(await startJobs({ services, subgraphs, config: jobs, controlDatabaseUrl, signingKey, metrics }));
  const health = started.use(await startHealthServer({ host, port, logger, checkReadiness: async () => await worker.checkReadiness() }));
  logger.info({ url: health.url, concurrency: jobs.concurrency }, 'running jobs');
  const running = started.move();
  return { url: health.url, [Symbol.asyncDispose]: async () => await running.disposeAsync() };
}
