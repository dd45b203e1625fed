import { hash, pickBy } from './hash.ts';

/** What goes wrong while a subgraph resolves a field: it says so, and its answer stays well formed. */
export const resolverFaults = ['error', 'error-with-code', 'null'] as const;
/** What a broken subgraph does to a part of its answer. */
export const answerFaults = [
  'null',
  'missing',
  'wrong-leaf',
  'scalar',
  'object',
  'list',
  'unknown-type',
  'other-type',
  'shorter',
  'longer',
] as const;
/** What happens to an answer as a whole. */
export const fetchFaults = [
  'throws',
  'no-data',
  'null-data',
  'null-data-with-error',
  'null-data-with-no-errors',
  'error-without-path',
  'error-with-odd-path',
  'error-without-message',
  'error-of-apollo',
  'error-with-extensions',
  'entities-null',
  'entities-missing',
  'entities-too-few',
] as const;

type ResolverFault = (typeof resolverFaults)[number];
export type AnswerFault = (typeof answerFaults)[number];
export type FetchFault = (typeof fetchFaults)[number];

/** Decides what goes wrong, by place; and remembers it. */
export interface Faults {
  readonly happened: ReadonlyMap<string, string>;
  resolver(place: string): ResolverFault | undefined;
  answer(place: string): AnswerFault | undefined;
  fetch(place: string): FetchFault | undefined;
}

/** One in so many places has a fault; 0: none has. */
export interface FaultRates {
  readonly resolver: number;
  readonly answer: number;
  readonly fetch: number;
}

export interface FaultOptions {
  seed: number;
  rates: FaultRates;
  /** The only places that may have a fault; default: all. */
  only?: ReadonlySet<string>;
}

export function seededFaults({ seed, rates, only }: FaultOptions): Faults {
  const happened = new Map<string, string>();
  function decide<Fault extends string>(kind: keyof FaultRates, place: string, faults: readonly Fault[]): Fault | undefined {
    const name = `${kind} ${place}`;
    const roll = `${seed} ${name}`;
    if (rates[kind] === 0 || hash(roll) % rates[kind] !== 0 || (only && !only.has(name))) return undefined;
    const fault = pickBy(`which ${roll}`, faults);
    happened.set(name, fault);
    return fault;
  }
  return {
    happened,
    resolver: (place) => decide('resolver', place, resolverFaults),
    answer: (place) => decide('answer', place, answerFaults),
    fetch: (place) => decide('fetch', place, fetchFaults),
  };
}
