import { GraphQLError } from 'graphql';
import { isJsonObject, ownValue, type JsonObject } from '../json.ts';
import type { ConcretePath } from '../plan/entities.ts';
import type { PlanRun } from '../plan/plan-run.ts';
import { completeResponse, objectShapeOf, type IntrospectionData } from '../shape/complete.ts';
import type { ResponsePart } from './compile-parts.ts';
import { PlaceIndex } from './place-index.ts';

/** Data that was deferred, of one object of the response. */
export interface DeferredResult {
  readonly path: ConcretePath;
  readonly label?: string;
  readonly data: JsonObject | null;
  readonly errors?: readonly GraphQLError[];
}

/**
 * What a part brings, of every object that it belongs to.
 *
 * @param around what the part that this was deferred from has brought: an object that a null there stands for is left out. Null for the
 *   first part
 */
export function resultsOf(
  { path, label, shape }: ResponsePart,
  run: PlanRun,
  around: readonly DeferredResult[] | null,
  introspection: IntrospectionData,
): DeferredResult[] {
  const places = objectsAt(run.data, path).filter(around ? reachableFrom(around) : () => true);
  const reported = distribute(run.errors, places);
  return places.map(({ location, object }, index) => {
    const objectShape = shape && objectShapeOf(shape, object);
    const completion = objectShape ? completeResponse(objectShape, object, introspection, location) : { data: {}, errors: [] };
    const errors = reported[index]?.length ? reported[index] : completion.errors.map(withoutCode);
    return deferredResult({ path: location, data: completion.data }, label, errors);
  });
}

function deferredResult(
  result: Pick<DeferredResult, 'path' | 'data'>,
  label: string | undefined,
  errors: readonly GraphQLError[],
): DeferredResult {
  return { ...result, ...(label !== undefined && { label }), ...(errors.length > 0 && { errors }) };
}

/** Whether a result says anything: of an object that the deferred fragment does not apply to there is nothing to say. */
export function isTelling({ data, errors }: DeferredResult): boolean {
  return errors !== undefined || data === null || Object.keys(data).length > 0;
}

/** What goes wrong in completion is a fault of a subgraph, and has no code that clients could go by. */
function withoutCode({ message, path }: GraphQLError): GraphQLError {
  return new GraphQLError(message, { path });
}

interface PlacedObject {
  readonly location: ConcretePath;
  readonly object: JsonObject;
}

/** An error goes with the object that it is within; one that is within none with the first. */
function distribute(errors: readonly GraphQLError[], places: readonly PlacedObject[]): GraphQLError[][] {
  const distributed: GraphQLError[][] = places.map(() => []);
  const index = new PlaceIndex(places.map(({ location }) => location));
  for (const error of errors) distributed[index.placeOf(error.path ?? []) ?? 0]?.push(error);
  return distributed;
}

/** Whether an object is where a client that has these results finds no null. */
function reachableFrom(results: readonly DeferredResult[]): (object: PlacedObject) => boolean {
  const index = new PlaceIndex(results.map(({ path }) => path));
  return ({ location }) => {
    const result = results[index.placeOf(location) ?? -1];
    return result !== undefined && !isNulled(result.data, location.slice(result.path.length));
  };
}

/** What was not asked for is no null: only what is deferred is asked of it. */
function isNulled(data: unknown, path: ConcretePath): boolean {
  if (data === null) return true;
  const [step, ...rest] = path;
  if (step === undefined) return false;
  if (Array.isArray(data)) return isNulled(data[Number(step)], rest);
  return isJsonObject(data) && isNulled(ownValue(data, String(step)), rest);
}

function objectsAt(root: JsonObject, path: readonly string[]): PlacedObject[] {
  const found: PlacedObject[] = [];
  const visit = (value: unknown, depth: number, location: ConcretePath): void => {
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) visit(item, depth, [...location, index]);
      return;
    }
    if (!isJsonObject(value)) return;
    const step = path[depth];
    if (step === undefined) found.push({ location, object: value });
    else if (step.startsWith('... on ')) visit(value, depth + 1, location);
    else visit(ownValue(value, step), depth + 1, [...location, step]);
  };
  visit(root, 0, []);
  return found;
}
