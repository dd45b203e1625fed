import { ownValue, type JsonObject } from '../json.ts';
import type { IntrospectionData } from './complete.ts';
import type { ObjectShape, ValueShape } from './response-shape.ts';
import { ShapeWriter } from './shape-writer.ts';

/**
 * Takes a response out of merged answers, all of whose values are as the schema has them; null when some value is not, and
 * `completeResponse` has to say which.
 */
export type ShapeResponse = (data: JsonObject, introspection: IntrospectionData) => JsonObject | null;

/** Fields in a shape beyond which following the shape costs less than compiling what is written for it. */
const mostFields = 5000;

/**
 * Writes and compiles the code that shapes a response: a function for every object and list, with each name and type check in its
 * place. What is written is made of the names in a checked operation, as JSON strings or as identifiers, and of nothing else that
 * came from outside.
 *
 * @returns null where code may not be generated (`--disallow-code-generation-from-strings`), or would be out of proportion
 */
export function compileShape(shape: ObjectShape): ShapeResponse | null {
  if (hasMoreFields(shape, mostFields)) return null;
  const writer = new ShapeWriter();
  const root = writer.objectFunction(shape);
  const shapeData = construct(`'use strict';\n${writer.declarations}\nreturn ${root};`, writer.enums);
  if (!shapeData) return null;
  return (data, introspection) => {
    try {
      return shapeData(data, introspection);
    } catch (error) {
      if (error === mismatch) return null;
      throw error;
    }
  };
}

/** Thrown by generated code where a value is not what it has to be. Not an error, so that it costs no stack trace. */
const mismatch = Symbol('mismatch');

function raise(): never {
  throw mismatch;
}

/** For what is no value of a nullable type: null, unless it is a value of another type. */
function orNull(value: unknown): null {
  return value === undefined || value === null ? null : raise();
}

function construct(body: string, enums: readonly ReadonlySet<string>[]): ShapeResponse | null {
  try {
    // oxlint-disable-next-line no-implied-eval, no-new-func, typescript/no-unsafe-return -- written above, out of validated names
    return new Function('raise', 'orNull', 'own', 'enums', body)(raise, orNull, ownValue, enums);
  } catch (error) {
    if (error instanceof EvalError) return null;
    throw error;
  }
}

/** Whether there are more than `most` fields in the different objects of a shape. It makes few more of their shapes than it has to count. */
function hasMoreFields(shape: ObjectShape, most: number): boolean {
  const counted = new Set<ObjectShape>();
  let count = 0;
  const exceeds = (object: ObjectShape): boolean => {
    if (counted.has(object)) return false;
    counted.add(object);
    count += object.fields.length;
    return count > most || object.fields.some((field) => field.kind === 'value' && objectsIn(field.value).some(exceeds));
  };
  return exceeds(shape);
}

function* objectsIn(shape: ValueShape): Generator<ObjectShape> {
  if (shape.kind === 'list') yield* objectsIn(shape.item);
  else if (shape.kind === 'composite') for (const typename of shape.objects.typenames) yield shape.objects.of(typename)!;
}
