import { createLogger, serveUntilStopped, type Environment } from '@tenantry/service';
import { readWorkerConfig, startWorkerProcess } from '@tenantry/subgraph-kit';
import { Command } from 'commander';
import type { Session } from '../session.ts';
import { examples } from './examples.ts';

interface WorkerOptions {
  readonly port?: string;
  readonly metricsPort?: string;
  readonly concurrency?: string;
}

const environmentHelp = `
Environment, beside that of the other commands:
  SUBGRAPH_SIGNING_KEY  required: what the subgraphs have
  WORKER_CONCURRENCY    jobs at the same time; default 4
  JOB_SCHEDULES         JSON, by task: when, as cron has it, or null for never
  HIBERNATE_AFTER_DAYS  puts tenants to sleep that nobody asks for
  HIBERNATE_KEEP        closed or dropped: what becomes of their databases
  PORT, METRICS_PORT    default 4003 (/livez, /readyz) and 9464 (/metrics)`;

export function workerCommand(session: Session): Command {
  return new Command('worker')
    .description('Run jobs until it is stopped: backups, hibernation, purges, and those of the subgraphs')
    .option('--port <number>', 'where it tells how it is, instead of PORT')
    .option('--metrics-port <number>', 'where Prometheus finds /metrics, instead of METRICS_PORT')
    .option('--concurrency <number>', 'jobs at the same time, instead of WORKER_CONCURRENCY')
    .addHelpText('after', environmentHelp)
    .addHelpText(
      'after',
      examples(
        ['as many of them as you like, on as many machines', 'worker'],
        ['beside a development stack', 'worker --port 4013 --metrics-port 9474'],
      ),
    )
    .action(async (options: WorkerOptions) => {
      const config = readWorkerConfig({ ...session.environment(), ...toVariables(options) });
      const logger = createLogger({ service: 'worker', level: config.logLevel, pretty: config.mode === 'development' });
      await serveUntilStopped(async () => await startWorkerProcess(config, logger), logger).catch((err: unknown) => {
        logger.fatal({ err }, 'the worker has failed');
        throw err;
      });
    });
}

function toVariables({ port, metricsPort, concurrency }: WorkerOptions): Environment {
  return {
    ...(port !== undefined && { PORT: port }),
    ...(metricsPort !== undefined && { METRICS_PORT: metricsPort }),
    ...(concurrency !== undefined && { WORKER_CONCURRENCY: concurrency }),
  };
}
