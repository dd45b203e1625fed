import type { GraphQLError } from 'graphql';
import type { ExecutableOptions } from '../executable-operation.ts';
import type { JsonObject } from '../json.ts';
import type { OperationResult } from '../operation-result.ts';
import { compileShape } from './compile-shape.ts';
import { completeResponse, type IntrospectionData } from './complete.ts';
import type { ObjectShape } from './response-shape.ts';

/** Makes an operation's result of the merged answers of subgraphs and the errors that came with them. */
export type Respond = (data: JsonObject, errors: readonly GraphQLError[], introspection: IntrospectionData) => OperationResult;

/** Responses without a fault are shaped by generated code; those with one by following the shape, which finds what and where it is. */
export function compileResponse(shape: ObjectShape, { generatesCode = true }: Pick<ExecutableOptions, 'generatesCode'>): Respond {
  const shapeResponse = generatesCode ? compileShape(shape) : null;
  return (data, errors, introspection) => {
    const shaped = shapeResponse?.(data, introspection);
    if (shaped) return errors.length === 0 ? { data: shaped } : { errors, data: shaped };
    const completion = completeResponse(shape, data, introspection);
    if (errors.length > 0) return { errors, data: completion.data };
    if (completion.errors.length === 0) return { data: completion.data };
    return { data: completion.data, extensions: { valueCompletion: completion.errors } };
  };
}
