import { stableJson, isObject } from './hash.ts';
import type { AnswerFault, Faults } from './faults.ts';

/** The objects of an `_entities` answer are known by their representation, so that their number and order do not matter. */
export interface AnswerPlace {
  readonly subgraph: string;
  readonly representations: readonly unknown[] | undefined;
}

/** Breaks parts of `data` in place, as `faults` decide. */
export function spoilAnswer(data: Record<string, unknown>, { subgraph, representations }: AnswerPlace, faults: Faults): void {
  for (const key of Object.keys(data)) {
    const value = data[key];
    if (key === '_entities' && representations && Array.isArray(value)) {
      data[key] = value.map(
        (entity: unknown, index) => spoiled(entity, `${subgraph} ${stableJson(representations[index])}`, faults) ?? null,
      );
    } else {
      setOrDelete(data, key, spoiled(value, `${subgraph} ${key}`, faults));
    }
  }
}

/** @returns undefined for what is missing */
function spoiled(value: unknown, place: string, faults: Faults): unknown {
  const fault = faults.answer(place);
  if (fault) return breakages[fault](value);
  if (Array.isArray(value)) return value.map((element: unknown, index) => spoiled(element, `${place}[${index}]`, faults) ?? null);
  if (isObject(value)) for (const [key, part] of Object.entries(value)) setOrDelete(value, key, spoiled(part, `${place}.${key}`, faults));
  return value;
}

function setOrDelete(object: Record<string, unknown>, key: string, value: unknown): void {
  if (value === undefined) delete object[key];
  else Object.defineProperty(object, key, { value, configurable: true, enumerable: true, writable: true });
}

const breakages: Readonly<Record<AnswerFault, (value: unknown) => unknown>> = {
  null: () => null,
  missing: () => undefined,
  'wrong-leaf': wrongLeaf,
  scalar: () => 'scalar',
  object: () => ({ odd: true }),
  list: (value) => [value],
  'unknown-type': (value) => withType(value, 'Nowhere'),
  'other-type': (value) => withType(value, 'Shape1'),
  shorter: (value) => (Array.isArray(value) ? value.slice(1) : value),
  longer: (value) => (Array.isArray(value) ? [...value, ...value] : value),
};

function wrongLeaf(value: unknown): unknown {
  if (typeof value === 'string') return 12.5;
  return typeof value === 'number' || typeof value === 'boolean' ? `not ${value}` : value;
}

function withType(value: unknown, typename: string): unknown {
  return isObject(value) && '__typename' in value ? { ...value, __typename: typename } : value;
}
