import { writeFile } from 'node:fs/promises';
import { describeMachine } from './machine.ts';
import type { BenchOptions } from './options.ts';
import { Progress } from './progress.ts';
import { formatMachine, formatResult, type RunReport } from './report.ts';

/** Runs a suite, prints each result as it comes, and writes the whole of them. */
export async function bench({ suite, scenarios, json, ...options }: BenchOptions, signal: AbortSignal): Promise<void> {
  const machine = describeMachine();
  const report: RunReport = { suite: suite.name, startedAt: new Date().toISOString(), machine, options, scenarios: [] };
  console.log(`## ${suite.title}\n\n${formatMachine(machine)}`);
  console.log(`rounds: ${options.rounds}, seed: ${options.seed}${options.quick ? ', quick: the figures mean nothing' : ''}`);
  using progress = new Progress();
  for await (const result of suite.run({ ...options, scenarios, progress, signal })) {
    progress.clear();
    console.log(formatResult(result));
    report.scenarios.push(result);
    // After each: a run that is stopped has written what it has.
    if (json !== null) await writeFile(json, `${JSON.stringify(report, null, 2)}\n`);
  }
}
