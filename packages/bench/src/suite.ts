import type { Progress } from './progress.ts';
import type { RunOptions, Scenario, ScenarioContext, ScenarioResult } from './scenario.ts';

interface SuiteRun extends RunOptions {
  /** Names of scenarios; empty: all but those on request. */
  scenarios: readonly string[];
  progress: Progress;
  signal: AbortSignal;
}

export interface NamedResult extends ScenarioResult {
  name: string;
  title: string;
  seconds: number;
}

/** Scenarios that share what they are measured on. */
export interface Suite {
  readonly name: string;
  readonly title: string;
  readonly scenarios: readonly { name: string; title: string }[];
  /** Runs scenarios one after the other and yields the result of each. */
  run(options: SuiteRun): AsyncGenerator<NamedResult>;
}

export interface SuiteOptions<Fixture> {
  name: string;
  title: string;
  open: (context: Omit<ScenarioContext<never>, 'fixture'>) => Promise<Fixture>;
  scenarios: readonly Scenario<Fixture>[];
}

export function defineSuite<Fixture extends AsyncDisposable>({ name, title, open, scenarios }: SuiteOptions<Fixture>): Suite {
  return {
    name,
    title,
    scenarios,
    async *run({ scenarios: names, ...context }) {
      const chosen = scenarios.filter((scenario) => (names.length > 0 ? names.includes(scenario.name) : !scenario.onRequest));
      await using fixture = await open(context);
      for (const scenario of chosen) {
        const start = performance.now();
        context.progress.begin(scenario.name, scenario.title);
        const result = await scenario.run({ ...context, fixture });
        yield { name: scenario.name, title: scenario.title, seconds: (performance.now() - start) / 1000, ...result };
      }
    },
  };
}
