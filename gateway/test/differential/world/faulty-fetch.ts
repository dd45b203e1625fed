import type { GraphQLFormattedError } from 'graphql';
import type { FetchFault, Faults } from './faults.ts';
import { isObject } from './hash.ts';
import { spoilAnswer } from './spoil-answer.ts';
import type { SubgraphData, WorldSubgraph } from './subgraph.ts';
import type { World } from './world.ts';

export interface WorldOperation {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/**
 * A subgraph's answer with all that goes wrong. Equal operations get equal answers, and an entity gets the same whatever else it is asked
 * with.
 *
 * @throws {Error} where the subgraph gives no answer at all
 */
export function answerFaultily(subgraph: WorldSubgraph, { query, variables }: WorldOperation, world: World, faults: Faults): SubgraphData {
  const { representations } = variables;
  const answer = subgraph.answer(query, variables, world, faults);
  if (isObject(answer.data)) {
    spoilAnswer(
      answer.data,
      { subgraph: subgraph.name, representations: Array.isArray(representations) ? representations : undefined },
      faults,
    );
  }
  const fault = faults.fetch(`${subgraph.name} ${query.replaceAll(/\s+/g, ' ')}`);
  if (fault === 'throws') throw new Error(`${subgraph.name} is down.`);
  return fault ? failures[fault](answer, `${subgraph.name} failed: ${fault}`) : answer;
}

/** Paths that lead nowhere. */
const oddPaths = [['_entities', 'x', 3], ['odd', 0], ['_entities', 99, 'f0'], ['_entities'], ['_entities', -1]] as const;

type Failure = (answer: SubgraphData, message: string) => SubgraphData;

const failures: Readonly<Record<Exclude<FetchFault, 'throws'>, Failure>> = {
  'no-data': (_answer, message) => ({ errors: [{ message, extensions: { code: 'NO_DATA', retryAfterMs: 5 } }] }),
  'null-data': () => ({ data: null }),
  'null-data-with-error': (_answer, message) => ({ data: null, errors: [{ message, path: ['_entities'] }] }),
  'null-data-with-no-errors': () => ({ data: null, errors: [] }),
  'error-without-path': (answer, message) => withErrors(answer, [{ message }]),
  'error-with-odd-path': (answer, message) =>
    withErrors(
      answer,
      oddPaths.map((path) => ({ message, path })),
    ),
  'error-without-message': (answer) => withErrors(answer, [{ message: '', extensions: { code: 'SILENT' } }]),
  'error-of-apollo': (answer, message) => withErrors(answer, [{ message, extensions: { code: 'INVALID_GRAPHQL' } }]),
  'error-with-extensions': (answer, message) =>
    withErrors(answer, [{ message, extensions: { code: 'EXTENDED', nested: { list: [1, { two: null }] } } }]),
  'entities-null': ({ data }) => ({ data: { ...data, _entities: null } }),
  'entities-missing': () => ({ data: {} }),
  'entities-too-few': ({ data, ...answer }) =>
    Array.isArray(data?.['_entities'])
      ? { data: { _entities: data['_entities'].slice(1) } }
      : { ...answer, ...(data !== undefined && { data }) },
};

function withErrors({ errors = [], ...answer }: SubgraphData, more: readonly GraphQLFormattedError[]): SubgraphData {
  return { ...answer, errors: [...errors, ...more] };
}
