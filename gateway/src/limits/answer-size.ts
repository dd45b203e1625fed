import { Kind, visit, type GraphQLSchema } from 'graphql';
import { LRUCache } from 'lru-cache';
import { ownValue } from '../execution/json.ts';
import { oncePerOperation } from '../once-per-operation.ts';
import type { ValidOperation } from '../operation.ts';
import { estimateAnswer, pageSizeArguments, type RawVariables } from './estimate-answer.ts';
import { tooComplex, type OperationLimits } from './operation-size.ts';

/** @throws {OperationTooComplexError} */
export type CheckAnswerSize = (operation: ValidOperation, schema: GraphQLSchema, variables: RawVariables) => void;

/** Makes the check that keeps pages within pages from multiplying into an answer that nobody could hold. */
export function createAnswerSizeCheck(limits: Pick<OperationLimits, 'values'>): CheckAnswerSize {
  const estimatesOf = oncePerOperation((operation, schema: GraphQLSchema) => new AnswerEstimates(operation, schema));
  return (operation, schema, variables) => {
    const values = estimatesOf(operation, schema).of(variables);
    if (values > limits.values) throw tooComplex(`asks for up to ${values} values`, limits.values);
  };
}

/** Estimates of one operation that are kept, one for each choice of page sizes. */
const keptEstimates = 64;

/** The estimates of one operation. They differ only by the variables that its page sizes name. */
class AnswerEstimates {
  readonly #operation: ValidOperation;
  readonly #schema: GraphQLSchema;
  readonly #pageSizes: readonly string[];
  readonly #kept = new LRUCache<string, number>({ max: keptEstimates });

  constructor(operation: ValidOperation, schema: GraphQLSchema) {
    this.#operation = operation;
    this.#schema = schema;
    this.#pageSizes = pageSizeVariables(operation);
  }

  of(variables: RawVariables): number {
    const key = this.#pageSizes.map((name) => sizeKey(ownValue(variables, name))).join();
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const estimate = estimateAnswer(this.#operation, this.#schema, variables);
    this.#kept.set(key, estimate);
    return estimate;
  }
}

/**
 * Tells apart what an estimate goes by: a number, the default that what is absent has, and all else. What is no number is not kept,
 * for a client could send any amount of it.
 */
function sizeKey(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return value === undefined ? 'default' : 'none';
}

function pageSizeVariables({ document }: ValidOperation): string[] {
  const names = new Set<string>();
  visit(document, {
    Argument({ name, value }) {
      if (pageSizeArguments.has(name.value) && value.kind === Kind.VARIABLE) names.add(value.name.value);
    },
  });
  return [...names];
}
