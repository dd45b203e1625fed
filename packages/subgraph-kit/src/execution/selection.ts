import type { ResponsePath } from 'graphql';
import type { FieldPlan } from './field-plan.ts';
import { failAfter, isPromise, type Run } from './run.ts';

/** A field whose value is known beforehand: `__typename`. */
interface ConstantField {
  readonly responseName: string;
  execute(): string;
}

export type SelectedField = FieldPlan | ConstantField;

type Result = Record<string, unknown>;

/** The fields that an operation selects of an object of one type. */
export class Selection {
  readonly #fields: readonly SelectedField[];

  constructor(fields: readonly SelectedField[]) {
    this.#fields = fields;
  }

  /**
   * The object that the response holds for `source`, or a promise of it. The fields are executed side by side.
   *
   * @throws {GraphQLError} of a field that cannot be null
   */
  execute(run: Run, source: unknown, path: ResponsePath | undefined): Result | Promise<Result> {
    const result: Result = {};
    let pending: string[] | null = null;
    try {
      for (const field of this.#fields) {
        const value = field.execute(run, source, path);
        // A promise holds the place of its value, so that fields keep their order.
        result[field.responseName] = value;
        if (isPromise(value)) (pending ??= []).push(field.responseName);
      }
    } catch (error) {
      if (pending) return failAfter(settle(result, pending), error);
      throw error;
    }
    return pending ? settle(result, pending) : result;
  }

  /** As {@link execute}, for mutations: each field once the one before is done. */
  async executeSerially(run: Run): Promise<Result> {
    const result: Result = {};
    for (const field of this.#fields) result[field.responseName] = await field.execute(run, run.root, undefined);
    return result;
  }
}

/** @returns `result`, once the promises that it holds under the names `pending` have given way to their values */
async function settle(result: Result, pending: readonly string[]): Promise<Result> {
  const [first, ...others] = pending;
  if (first !== undefined && others.length === 0) result[first] = await result[first];
  else {
    const values = await Promise.all(pending.map((name) => result[name]));
    for (const [index, name] of pending.entries()) result[name] = values[index];
  }
  return result;
}
