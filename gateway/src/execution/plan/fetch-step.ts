import type { FetchNode } from '@apollo/query-planner';
import type { GraphQLError, GraphQLFormattedError } from 'graphql';
import type { SubgraphResult } from '../../transports/subgraph-transport.ts';
import { isJsonObject, setOwnValue, type JsonObject } from '../json.ts';
import type { ObjectTypes } from '../object-types.ts';
import { everyItem } from './entities.ts';
import { mergeInto } from './merge.ts';
import type { Cursor, PlanRun, Step } from './plan-run.ts';
import { compileRepresentation, representAll, type Represent, type Representations } from './representations.ts';
import { readAnswer } from './read-answer.ts';
import { compileRewrites, type Rewrite } from './rewrites.ts';
import { fromFailedFetch, fromSubgraph } from './subgraph-errors.ts';

/** Compiles one fetch: of root fields, or, if it `requires` something of them, of entities. */
export function compileFetch(node: FetchNode, types: ObjectTypes): Step {
  const attempt = node.requires ? compileEntityFetch(node, node.requires, types) : compileRootFetch(node, types);
  return async (run, cursor) => {
    if (cursor.entities.length === 0) return;
    try {
      await attempt(run, cursor);
    } catch (error) {
      run.errors.push(fromFailedFetch(error));
    }
    if (node.id !== undefined) run.onFetched?.(node.id);
  };
}

function compileRootFetch(node: FetchNode, types: ObjectTypes): Step {
  const receive = compileReceipt(node, types);
  return async (run, cursor) => receive(await send(run, node, variablesFor(node, run)), run, cursor);
}

/** Takes in an answer to root fields. */
export type Receive = (result: SubgraphResult, run: PlanRun, cursor: Cursor) => void;

export function compileReceipt({ serviceName, outputRewrites }: FetchNode, types: ObjectTypes): Receive {
  const rewrite = compileRewrites(outputRewrites, types);
  return ({ data, errors = [] }, run, { path, entities }) => {
    for (const error of errors) run.errors.push(fromSubgraph(error, serviceName, error.path && [...path, ...error.path]));
    if (!isJsonObject(data)) return;
    rewrite?.(data);
    for (const entity of entities) mergeInto(entity, data);
  };
}

function compileEntityFetch(node: FetchNode, requires: NonNullable<FetchNode['requires']>, types: ObjectTypes): Step {
  const represent = rewritten(compileRepresentation(requires, types), compileRewrites(node.inputRewrites, types));
  const rewriteOutput = compileRewrites(node.outputRewrites, types);
  return async (run, cursor) => {
    const representations = representAll(cursor.entities, represent);
    if (representations.values.length === 0) return;
    const variables = { ...variablesFor(node, run), representations: representations.values };
    const result = await send(run, node, variables);
    for (const error of result.errors ?? []) run.errors.push(...entityErrors(error, node, cursor, representations));
    if (!isJsonObject(result.data)) return;
    const received = entitiesIn(result.data, representations.values.length);
    completeTypes(received, cursor, representations, types);
    rewriteOutput?.(received);
    mergeReceived(received, cursor, representations);
  };
}

/** Rewrites each representation before it is compared with others: what had different types may then be the same. */
function rewritten(represent: Represent, rewrite: Rewrite | undefined): Represent {
  if (!rewrite) return represent;
  return (entity) => {
    const representation = represent(entity);
    if (representation?.['__typename']) rewrite(representation);
    return representation;
  };
}

async function send(
  run: PlanRun,
  { serviceName, operation, operationName, operationKind }: FetchNode,
  variables: JsonObject,
): Promise<SubgraphResult> {
  return readAnswer(await run.fetch(serviceName, { query: operation, operationName, variables }, operationKind));
}

/** Those of the request's variables that the fetch uses, as far as the client gave them. */
export function variablesFor({ variableUsages = [] }: FetchNode, { variables }: Pick<PlanRun, 'variables'>): JsonObject {
  const used: JsonObject = {};
  for (const name of variableUsages) {
    if (Object.hasOwn(variables, name) && variables[name] !== undefined) setOwnValue(used, name, variables[name]);
  }
  return used;
}

function entitiesIn({ _entities: entities }: JsonObject, count: number): unknown[] {
  if (!Array.isArray(entities)) throw new Error('Expected "data._entities" in response to be an array');
  if (entities.length !== count) throw new Error(`Expected "data._entities" to contain ${count} elements`);
  if (!entities.every((entity) => entity === null || isJsonObject(entity))) {
    throw new Error('Expected "data._entities" in response to hold objects and nulls');
  }
  return entities;
}

/**
 * What was received for one representation may belong to several entities. They then share its inner objects, which is sound: all
 * later steps reach those through the same path and do the same to each.
 */
function mergeReceived(received: readonly unknown[], { entities }: Cursor, { entities: placesOf }: Representations): void {
  for (const [index, entity] of received.entries()) {
    if (!isJsonObject(entity)) continue;
    for (const place of placesOf[index] ?? []) {
      const target = entities[place];
      if (target) mergeInto(target, entity);
    }
  }
}

/**
 * A fetch may leave out types that are known already, and rewrites go by them. Where a subgraph has an interface as one object type, it
 * gives the interface's name for the type: that says less than what is known.
 */
function completeTypes(
  received: readonly unknown[],
  { entities }: Cursor,
  { entities: placesOf }: Representations,
  types: ObjectTypes,
): void {
  for (const [index, entity] of received.entries()) {
    if (!isJsonObject(entity)) continue;
    const [first = 0] = placesOf[index] ?? [];
    const known = entities[first]?.['__typename'];
    const given = entity['__typename'] ?? null;
    if (given === null || types.isInterface(given)) entity['__typename'] = known ?? given;
  }
}

function entityErrors(
  error: GraphQLError | GraphQLFormattedError,
  { serviceName }: FetchNode,
  cursor: Cursor,
  { entities: placesOf }: Representations,
): GraphQLError[] {
  const [field, index, ...rest] = error.path ?? [];
  if (field === undefined) return [fromSubgraph(error, serviceName, error.path)];
  const places = field === '_entities' && typeof index === 'number' ? placesOf[index] : undefined;
  // An error that names no entity concerns them all.
  if (!places) return [fromSubgraph(error, serviceName, above(cursor))];
  const locations = cursor.locate();
  const paths = places.flatMap((place) => (locations[place] ? [[...locations[place], ...rest]] : []));
  // What is no longer there was under what they all are under.
  if (paths.length < places.length) paths.push([...above(cursor)]);
  return paths.map((path) => fromSubgraph(error, serviceName, path));
}

/** The place in the response that all entities of a cursor are under. */
function above({ path }: Cursor): readonly (string | number)[] {
  const list = path.indexOf(everyItem);
  return list === -1 ? path : path.slice(0, list);
}
