import { GraphQLError } from 'graphql';
import type { ExecutorResult } from '../executors/executor.ts';
import { isObject, stableJson } from '../world/hash.ts';

export interface NormalError {
  readonly message: string;
  readonly path: readonly (string | number)[] | undefined;
  readonly extensions: Readonly<Record<string, unknown>>;
}

/** What an executor gave as clients would see it, with errors as sets: sorted, each once. */
export interface NormalResult {
  readonly data: unknown;
  readonly errors: readonly NormalError[];
  readonly valueCompletion: readonly NormalError[];
}

export function normalResult({ data, errors = [], extensions }: ExecutorResult): NormalResult {
  const completion = isObject(extensions) && Array.isArray(extensions['valueCompletion']) ? extensions['valueCompletion'] : [];
  return { data: asJson(data), errors: errorSet(errors), valueCompletion: errorSet(completion) };
}

function errorSet(errors: readonly unknown[]): NormalError[] {
  const byText = new Map(errors.map((error) => normalError(error)).map((error) => [stableJson(error), error]));
  return [...byText].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, error]) => error);
}

function normalError(error: unknown): NormalError {
  if (error instanceof GraphQLError) return { message: error.message, path: error.path, extensions: { ...error.extensions } };
  return { message: error instanceof Error ? error.message : String(error), path: undefined, extensions: {} };
}

function asJson(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
