import type { SagaRun, SagaRunStep } from '@tenantry/tenant-control';
import { Command } from 'commander';
import { NoSuchRunError } from '../errors.ts';
import { formatCard } from '../output/card.ts';
import { formatInstant } from '../output/instant.ts';
import { printMany, printOne, type Json } from '../output/print.ts';
import { formatTable, type Column } from '../output/table.ts';
import type { Session } from '../session.ts';
import { paint } from '../terminal.ts';
import { examples } from './examples.ts';
import { findTenant, tenantArgument } from './tenant-argument.ts';

/** Runs listed at most. */
const latestRuns = 50;

const stepColumns: readonly Column<SagaRunStep>[] = [
  { heading: 'STEP', cell: ({ name }) => name },
  { heading: 'STATE', cell: ({ state }) => state },
  { heading: 'TOOK', cell: took },
  { heading: 'TRIES', cell: ({ attempts }) => String(attempts) },
  { heading: 'ERROR', cell: ({ error }) => error ?? '', leastWidth: 20 },
];

const runColumns: readonly Column<SagaRun>[] = [
  { heading: 'RUN', cell: ({ id }) => id },
  { heading: 'KIND', cell: ({ kind }) => kind },
  { heading: 'STATE', cell: ({ state }) => state },
  { heading: 'BEGAN', cell: ({ createdAt }) => formatInstant(createdAt), isDispensable: true },
  { heading: 'ERROR', cell: ({ error }) => error ?? '', leastWidth: 20, isDispensable: true },
];

export function runsCommand(session: Session): Command {
  return new Command('runs')
    .description('See how changes of several steps went: a provisioning, a rotation, a purge')
    .addCommand(listCommand(session))
    .addCommand(showCommand(session));
}

function listCommand(session: Session): Command {
  return new Command('list')
    .description("List a tenant's latest runs, the newest first")
    .argument(...tenantArgument)
    .addHelpText('after', examples(['the latest first', 'runs list acme']))
    .action(async (reference: string) => {
      const { id } = await findTenant(session, reference);
      const runs = await session.catalog().findLatestRuns([id], latestRuns);
      await printMany(session, [runs], { toJson: runJson, columns: runColumns, emptyText: 'There are no runs.' });
    });
}

function showCommand(session: Session): Command {
  return new Command('show')
    .description('Show the steps of a run')
    .argument('<run>', 'its id')
    .addHelpText('after', examples(['how far it has come', 'runs show 0199f3c2-7d1e-7c3a-9a50-3f5d8a1b2c4d']))
    .action(async (id: string) => {
      const run = await session.catalog().findRun(id);
      if (!run) throw new NoSuchRunError(id);
      printOne(session, runJson(run), () => describeRun(run, session));
    });
}

function describeRun(run: SagaRun, { terminal: { stdout, environment } }: Session): string {
  const { id, kind, state, tenantId, error, createdAt, finishedAt, steps } = run;
  const finished = finishedAt && formatInstant(finishedAt);
  const card = formatCard({ run: id, kind, state, tenant: tenantId, began: formatInstant(createdAt), finished, error });
  const width = stdout.isTTY ? stdout.columns : undefined;
  const styleHeading = (text: string) => paint('bold', text, stdout, environment);
  return `${card}\n${formatTable(steps, stepColumns, { width, styleHeading })}`;
}

function took({ startedAt, finishedAt }: SagaRunStep): string | null {
  return finishedAt && `${finishedAt.getTime() - startedAt.getTime()} ms`;
}

function runJson({ createdAt, finishedAt, steps, ...run }: SagaRun): Json {
  return { ...run, createdAt: createdAt.toISOString(), finishedAt: finishedAt?.toISOString() ?? null, steps: steps.map(stepJson) };
}

function stepJson({ startedAt, finishedAt, ...step }: SagaRunStep): Json {
  return { ...step, startedAt: startedAt.toISOString(), finishedAt: finishedAt?.toISOString() ?? null };
}
