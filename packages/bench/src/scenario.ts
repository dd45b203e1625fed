import type { Progress } from './progress.ts';

/** How long and how often things are measured. */
export interface RunOptions {
  /** Repetitions of each measurement; figures are medians over them. */
  rounds: number;
  /** Everything as small as it can be: shows that a scenario works, measures nothing. */
  quick: boolean;
  /** Milliseconds of a soak. */
  soakMs: number;
  seed: number;
}

export interface ScenarioContext<Fixture> extends RunOptions {
  fixture: Fixture;
  progress: Progress;
  /** Aborts when the run shall stop. */
  signal: AbortSignal;
}

/** One measured value, as a row of the report. */
export interface Row {
  /** What was measured, of whom. */
  figure: string;
  contender: string;
  /** Null when it could not be measured; the note says why. */
  value: number | null;
  unit: Unit;
  /** `value` divided by that of another contender in the same run. */
  ratio?: { value: number; to: string };
  target?: { text: string; isMet: boolean };
  /** What a reader needs to know of this value. */
  note?: string;
}

type Unit = 'ms' | 'µs' | 'MB' | 'kB' | '/s' | 'MB/min' | '%' | '' | 'errors';

export interface ScenarioResult {
  rows: Row[];
  /** Sentences that a reader of the rows needs. */
  notes: string[];
  /** All measured values, for the JSON. */
  samples: unknown;
}

export interface Scenario<Fixture> {
  name: string;
  /** What it answers, in one line. */
  title: string;
  /** Left out of a run that names no scenario. */
  onRequest?: boolean;
  run: (context: ScenarioContext<Fixture>) => Promise<ScenarioResult>;
}
