import { parseArgs } from 'node:util';
import { z } from 'zod';
import { describeFinding } from './report/describe-finding.ts';
import { reduceTrial } from './report/reduce-trial.ts';
import { runDifferential, type DifferentialReport } from './run-differential.ts';

const help = `Compares our executor with that of @apollo/gateway on generated supergraphs, operations and subgraph faults.

  pnpm --filter @tenantry/gateway differential [--cases N] [--seed N]

  --cases N   executions to compare, at least (default 20000: some minutes)
  --seed N    repeats the run that had this seed (default: a new one)
  --help      this text

Findings are reduced and printed to standard error; with any, or with a feature that was never met, the exit code is 1.`;

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { cases: text, seed: text, help: { type: 'boolean' } } });
/** Fewer cases say nothing of features that are rare. */
const casesForCoverage = 5000;
/** Milliseconds between two lines of progress. */
const progressMs = 5000;

if (values.help) console.log(help);
else await compare();

async function compare(): Promise<void> {
  const settings = z
    .object({
      cases: z.coerce.number().int().positive().default(20_000),
      seed: z.coerce
        .number()
        .int()
        .nonnegative()
        .default(Date.now() % 2 ** 31),
    })
    .parse(values);
  console.log(`Differential run with ${JSON.stringify(settings)}; give --seed ${settings.seed} to repeat it.`);
  const report = await runDifferential({ ...settings, onProgress: progressOf(settings.cases) });
  const { coverage, splicing, findings, discarded, unplanned, ...counts } = report;
  console.log({ ...counts, discarded: discarded.length, unplanned: unplanned.length, findings: findings.length });
  console.log(Object.fromEntries(coverage.counts));
  console.log('Spliced, in percent of the trials without a fault:', splicing.shares);
  const missed = report.cases >= casesForCoverage ? coverage.missed : [];
  if (missed.length > 0) console.error(`Never met: ${missed.join(', ')}`);
  for (const { seed, ...finding } of findings) console.error(describeFinding(seed, await reduceTrial(finding)));
  if (findings.length > 0 || missed.length > 0) process.exitCode = 1;
}

function progressOf(total: number): (report: DifferentialReport) => void {
  const start = performance.now();
  let next = start;
  return ({ cases, supergraphs, findings }) => {
    const now = performance.now();
    if (now < next) return;
    next = now + progressMs;
    console.log(
      `${Math.round((now - start) / 1000)} s: ${cases} of ${total} cases, ${supergraphs} supergraphs, ${findings.length} findings`,
    );
  };
}
