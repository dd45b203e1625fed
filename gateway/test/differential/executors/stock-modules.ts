import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { compileFunction } from 'node:vm';
import type { executeQueryPlan } from '@apollo/gateway';

/** A fault of the stock executor, and how its code reads without it. */
export interface Correction {
  readonly name: string;
  /** What the stock executor does, and why that is wrong. */
  readonly reason: string;
  /** Below `dist` of `@apollo/gateway`. */
  readonly file: string;
  /** Each is there exactly once. */
  readonly edits: readonly { readonly from: string; readonly to: string }[];
}

const dist = dirname(createRequire(import.meta.url).resolve('@apollo/gateway'));

/**
 * The stock executor as it would be with these corrections; nothing of what the package itself exports is changed.
 *
 * @throws {Error} where the code to correct is not there, as after an update that mended it
 */
export function correctedExecutor(corrections: readonly Correction[]): typeof executeQueryPlan {
  const loaded = new Map<string, { exports: unknown }>();
  const loader = (file: string) => load(file, corrections, loaded);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the module is the package's own but for the corrections
  return (loader(join(dist, 'executeQueryPlan.js')) as { executeQueryPlan: typeof executeQueryPlan }).executeQueryPlan;
}

function load(file: string, corrections: readonly Correction[], loaded: Map<string, { exports: unknown }>): unknown {
  const known = loaded.get(file);
  if (known) return known.exports;
  const module = { exports: {} };
  loaded.set(file, module);
  const requireReal = createRequire(file);
  const requireCorrected = (name: string): unknown => {
    const path = requireReal.resolve(name);
    return path.startsWith(dist) ? load(path, corrections, loaded) : requireReal(name);
  };
  const source = corrections.filter((correction) => join(dist, correction.file) === file).reduce(correct, readFileSync(file, 'utf8'));
  compileFunction(source, ['exports', 'require', 'module'], { filename: file })(module.exports, requireCorrected, module);
  return module.exports;
}

function correct(source: string, { name, edits }: Correction): string {
  return edits.reduce((text, { from, to }) => {
    const [before, after, ...more] = text.split(from);
    if (before === undefined || after === undefined || more.length > 0)
      throw new Error(`There is not exactly one place to correct: ${name}`);
    return before + to + after;
  }, source);
}
