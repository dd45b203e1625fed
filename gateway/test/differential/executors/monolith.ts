import { execute } from 'graphql';
import type { Thing, World } from '../world/world.ts';
import type { ExecutorResult, PlannedOperation } from './executor.ts';

/** What the specification makes of an operation if one server had the whole world: the answer of a graph in which nothing fails. */
export function executeMonolith({ supergraph, document, variables }: PlannedOperation, world: World): ExecutorResult {
  const result = execute({
    schema: supergraph.api,
    document,
    variableValues: variables,
    fieldResolver: (source: Thing | undefined, args: Record<string, unknown>, _context, { fieldName, parentType }) => {
      return world.resolve(source ?? { type: parentType.name, id: parentType.name }, fieldName, args);
    },
    typeResolver: ({ type }: Thing) => type,
  });
  if (result instanceof Promise) throw new Error('The world answers at once.');
  return result;
}
