import type { JobListing, ListJobsOptions } from '@tenantry/tenant-control';
import { Command, Option } from 'commander';
import { commandLineActor } from '../actor.ts';
import { formatInstant } from '../output/instant.ts';
import { printMany, printOne, remark, sentence, type Json } from '../output/print.ts';
import type { Column } from '../output/table.ts';
import type { Session } from '../session.ts';
import { choice } from './choice.ts';
import { examples } from './examples.ts';
import { limitOption, readPages } from './paging.ts';
import { findTenant } from './tenant-argument.ts';

interface ListOptions extends Pick<ListJobsOptions, 'state' | 'task'> {
  readonly tenant?: string;
  readonly limit: number;
}

const states = { READY: 'READY', WAITING: 'WAITING', RUNNING: 'RUNNING', FAILED: 'FAILED' } as const satisfies Record<
  JobListing['state'],
  string
>;

const columns: readonly Column<JobListing>[] = [
  { heading: 'JOB', cell: ({ id }) => id },
  { heading: 'TASK', cell: ({ task }) => task, leastWidth: 16 },
  { heading: 'STATE', cell: ({ state }) => state },
  { heading: 'DUE', cell: ({ runAt }) => formatInstant(runAt), isDispensable: true },
  { heading: 'TRIES', cell: ({ attempts, maxAttempts }) => `${attempts}/${maxAttempts}` },
  { heading: 'TENANT', cell: ({ tenantId }) => tenantId, isDispensable: true },
  { heading: 'ERROR', cell: ({ error }) => error, leastWidth: 20, isDispensable: true },
];

export function jobsCommand(session: Session): Command {
  return new Command('jobs')
    .description('See what workers have to do, and what has failed')
    .addCommand(listCommand(session))
    .addCommand(retryCommand(session));
}

function listCommand(session: Session): Command {
  return new Command('list')
    .description('List the jobs that wait, run or have failed, the newest first')
    .addOption(choice(new Option('--state <state>', 'only those'), states))
    .option('--task <task>', 'only of this task, such as back-up')
    .option('--tenant <tenant>', 'only for it, by slug or id')
    .addOption(limitOption())
    .addHelpText(
      'after',
      examples(['what has failed for good', 'jobs list --state failed'], ["a tenant's backups", 'jobs list --task back-up --tenant acme']),
    )
    .action(async ({ limit, tenant, ...conditions }: ListOptions) => {
      const catalog = session.catalog();
      const filter = { ...conditions, ...(tenant !== undefined && { tenantId: (await findTenant(session, tenant)).id }) };
      let shown = 0;
      const pages = readPages(limit, async (most, after: JobListing | undefined) => {
        const jobs = await catalog.listJobs({ limit: most, after, ...filter });
        shown += jobs.length;
        return jobs;
      });
      await printMany(session, pages, { toJson, columns, emptyText: 'There are no such jobs.' });
      if (shown === limit) remark(session, `The newest ${limit}; --limit all shows older ones, too.`);
    });
}

function retryCommand(session: Session): Command {
  return new Command('retry')
    .description('Have a job run again that has failed, with all its tries before it')
    .argument('<job>', 'its number')
    .addHelpText('after', examples(['after what was in its way is gone', 'jobs retry 4711']))
    .action(async (id: string) => {
      const control = await session.control();
      await control.retryJob(id, commandLineActor());
      printOne(session, { job: id }, () => sentence(session, `A worker runs the job ${id} within seconds.`));
    });
}

function toJson({ runAt, createdAt, ...job }: JobListing): Json {
  return { ...job, runAt: runAt.toISOString(), createdAt: createdAt.toISOString() };
}
