import { StartError } from '@tenantry/service';
import { describe, expect, test } from 'vitest';
import { parseOptions } from './options.ts';
import { suites } from './suites.ts';

const parse = (...args: string[]) => parseOptions(args, suites);

describe('the command line', () => {
  test('names a suite, and has defaults for the rest', () => {
    const { suite, ...options } = parse('pool');
    expect(suite.name).toBe('pool');
    expect(options).toEqual({ scenarios: [], rounds: 3, seed: 1, quick: false, soakMs: 600_000, json: null });
  });

  test('names scenarios', () => {
    expect(parse('pool', 'cold', 'warm', '--rounds', '5').scenarios).toEqual(['cold', 'warm']);
  });

  test('asks for a soak by its length, alone or after others', () => {
    expect(parse('pool', '--soak', '90s')).toMatchObject({ scenarios: ['soak'], soakMs: 90_000 });
    expect(parse('pool', 'fleet', '--soak', '2h')).toMatchObject({ scenarios: ['fleet', 'soak'], soakMs: 7_200_000 });
  });

  test.each([
    ['no suite', [], 'Name a suite'],
    ['a suite that is none', ['nothing'], 'no suite nothing'],
    ['a scenario that is none', ['pool', 'nothing'], 'no scenario nothing'],
    ['no rounds', ['pool', '--rounds', '0'], '--rounds'],
    ['a soak without a unit', ['pool', '--soak', '10'], '--soak'],
    ['a flag that is none', ['pool', '--fast'], '--fast'],
  ])('with %s is refused, and says how it is used', (_what, args, reason) => {
    expect(() => parse(...args)).toThrow(StartError);
    expect(() => parse(...args)).toThrow(reason);
    expect(() => parse(...args)).toThrow('pnpm bench SUITE');
  });
});
