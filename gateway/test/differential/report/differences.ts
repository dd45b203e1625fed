import { withDistinctRepresentations } from '../executors/recorded-world.ts';
import type { Run } from '../trial.ts';
import { isObject, stableJson } from '../world/hash.ts';
import type { NormalError, NormalResult } from './normal-result.ts';

/** Names what of ours is not as in the reference. */
export function differencesBetween(ours: Run, reference: Run): string[] {
  const found: string[] = [];
  if (ours.rejection !== reference.rejection) found.push('rejection');
  if (stableJson(ours.result.data) !== stableJson(reference.result.data)) found.push('data');
  if (stableJson(ours.result.errors) !== stableJson(reference.result.errors)) found.push('errors');
  if (!completesAlike(ours.result, reference.result)) found.push('value completion');
  if (stableJson(ours.received) !== stableJson(reference.received.map(withDistinctRepresentations))) found.push('what subgraphs received');
  return found;
}

/**
 * Whether both tell of the same values that the schema forbids. Where one field is asked for twice, the stock executor completes it
 * twice, and the second time it passes over what is null since the first; ours completes it once, with all that is asked of it. So they may
 * tell of different values beneath a place that is null in the end, as long as each tells of one there.
 */
export function completesAlike(ours: NormalResult, reference: NormalResult): boolean {
  return isTold(ours, reference) && isTold(reference, ours);
}

/** Whether `other` has every error of the first, or another one beneath the null to which it led. */
function isTold({ data, valueCompletion }: NormalResult, other: NormalResult): boolean {
  const told = new Set(other.valueCompletion.map((error) => stableJson(error)));
  return valueCompletion.every((error) => {
    const place = nullAbove(data, error.path ?? []);
    return told.has(stableJson(error)) || (place !== null && other.valueCompletion.some(({ path }) => startsWith(path, place)));
  });
}

function startsWith(path: NormalError['path'], place: readonly (string | number)[]): boolean {
  return place.every((part, depth) => path?.[depth] === part);
}

/** The first place on a path that is null; null where none is, or only its end. */
function nullAbove(data: unknown, path: readonly (string | number)[]): readonly (string | number)[] | null {
  let value = data;
  for (const [depth, part] of path.entries()) {
    if (value === null) return path.slice(0, depth);
    if (!isObject(value) && !Array.isArray(value)) return null;
    value = Reflect.get(value, part);
  }
  return null;
}
