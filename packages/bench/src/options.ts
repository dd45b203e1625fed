import { parseArgs } from 'node:util';
import { StartError } from '@tenantry/service';
import { z } from 'zod';
import type { RunOptions } from './scenario.ts';
import type { Suite } from './suite.ts';

export interface BenchOptions extends RunOptions {
  suite: Suite;
  scenarios: readonly string[];
  /** Where the whole report goes as JSON; null for nowhere. */
  json: string | null;
}

export function usage(suites: readonly Suite[]): string {
  const lists = suites.map(({ name, title, scenarios }) => {
    const lines = scenarios.map((scenario) => `    ${scenario.name.padEnd(12)} ${scenario.title}`);
    return [`  ${name.padEnd(14)} ${title}`, ...lines].join('\n');
  });
  return `Measures this project side by side with what else one could do, in one run on this machine.

  pnpm bench SUITE [SCENARIO…] [--rounds 3] [--seed 1] [--quick] [--soak 10m] [--json FILE]

${lists.join('\n')}

  --rounds   how often each measurement is done; figures are medians
  --seed     of the random numbers that traffic is drawn by
  --quick    everything as small as can be: shows that it works, measures nothing
  --soak     does the scenario soak for so long: 90s, 10m, 1h
  --json     writes all samples, too
  --help     prints this`;
}

/** @throws {StartError} naming what is wrong with the command line */
export function parseOptions(args: readonly string[], suites: readonly Suite[]): BenchOptions {
  const { values, positionals } = parse(args, suites);
  const fail = (message: string): never => {
    throw new StartError(`${message}\n\n${usage(suites)}`);
  };
  const [suiteName, ...names] = positionals;
  const suite = suites.find(({ name }) => name === suiteName) ?? fail(suiteName ? `There is no suite ${suiteName}.` : 'Name a suite.');
  const unknown = names.find((name) => !suite.scenarios.some((scenario) => scenario.name === name));
  if (unknown !== undefined) fail(`The suite ${suite.name} has no scenario ${unknown}.`);
  const count = (flag: 'rounds' | 'seed', minimum: number): number => {
    const number = z.coerce.number().int().min(minimum).safeParse(values[flag]);
    return number.success ? number.data : fail(`--${flag} must be a whole number from ${minimum}, not ${values[flag]}.`);
  };
  const soakMs =
    values.soak === undefined ? defaultSoakMs : (milliseconds(values.soak) ?? fail('--soak must be a time such as 90s, 10m or 1h.'));
  return {
    suite,
    scenarios: values.soak === undefined || names.includes('soak') ? names : [...names, 'soak'],
    rounds: values.quick ? 1 : count('rounds', 1),
    seed: count('seed', 0),
    quick: values.quick,
    soakMs,
    json: values.json ?? null,
  };
}

const defaultSoakMs = 600_000;
const unitsMs = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

function milliseconds(text: string): number | null {
  const [, amount, unit = ''] = /^(\d+)([smh])$/.exec(text) ?? [];
  const unitMs = unitsMs.get(unit);
  return unitMs === undefined ? null : Number(amount) * unitMs;
}

function parse(args: readonly string[], suites: readonly Suite[]) {
  try {
    return parseArgs({
      args: args.filter((arg) => arg !== '--'),
      allowPositionals: true,
      options: {
        rounds: { type: 'string', default: '3' },
        seed: { type: 'string', default: '1' },
        quick: { type: 'boolean', default: false },
        soak: { type: 'string' },
        json: { type: 'string' },
      },
    });
  } catch (error) {
    throw new StartError(`${error instanceof Error ? error.message : String(error)}\n\n${usage(suites)}`, { cause: error });
  }
}
