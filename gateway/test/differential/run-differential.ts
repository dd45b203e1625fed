import { generateSuite, suiteOver, type Suite } from './generated-suite.ts';
import { Coverage } from './report/coverage.ts';
import { SplicingTally } from './report/splicing-tally.ts';
import { handWrittenSupergraphs } from './supergraphs.ts';
import { tryOut, type Outcome, type Trial } from './trial.ts';

export interface DifferentialOptions {
  /** Every run with the same seed and number of cases is the same. */
  seed: number;
  /** How many executions are compared, at least. */
  cases: number;
  onProgress?: (report: DifferentialReport) => void;
}

interface Finding {
  readonly seed: number;
  readonly trial: Trial;
  readonly outcome: Outcome;
}

export interface DifferentialReport {
  readonly cases: number;
  readonly supergraphs: number;
  /** Why generated subgraphs did not compose. */
  readonly discarded: readonly string[];
  readonly operations: number;
  /** Why the planner gave up on operations. */
  readonly unplanned: readonly string[];
  readonly findings: readonly Finding[];
  readonly coverage: Coverage;
  readonly splicing: SplicingTally;
}

/** A run ends early with this many findings: more of them say nothing more. */
const mostFindings = 10;
/** One in so many supergraphs is hand-written. */
const handWrittenEvery = 5;

/** Compares our executor with the stock one on generated supergraphs, operations and faults. */
export async function runDifferential({ seed, cases, onProgress }: DifferentialOptions): Promise<DifferentialReport> {
  const report = { cases: 0, supergraphs: 0, operations: 0, coverage: new Coverage(), splicing: new SplicingTally() };
  const discarded: string[] = [];
  const unplanned: string[] = [];
  const findings: Finding[] = [];
  for (let index = 0; report.cases < cases && findings.length < mostFindings; index++) {
    const suite = suiteOf(seed + index);
    report.supergraphs++;
    discarded.push(...suite.discarded);
    unplanned.push(...suite.unplanned);
    report.operations += new Set(suite.trials.map(({ planned }) => planned)).size + suite.unplanned.length;
    for (const trial of suite.trials) {
      const outcome = await tryOut(trial);
      report.cases++;
      report.coverage.add(trial, outcome);
      report.splicing.add(outcome);
      if (outcome.differences.length > 0) findings.push({ seed: seed + index, trial, outcome });
    }
    onProgress?.({ ...report, discarded, unplanned, findings });
  }
  return { ...report, discarded, unplanned, findings };
}

/** A seed always gives the same suite, wherever in a run it is. */
function suiteOf(seed: number): Suite {
  const written = seed % handWrittenEvery === 0 && handWrittenSupergraphs[(seed / handWrittenEvery) % handWrittenSupergraphs.length];
  return written ? suiteOver(written.subgraphs, seed, written.isExact) : generateSuite(seed);
}
