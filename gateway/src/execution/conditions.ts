import { GraphQLError, Kind, visit } from 'graphql';
import type { ValidOperation } from '../operation.ts';

/** The values of all variables that decide on `@skip`, `@include` and `@defer` in an operation. */
export type ConditionValues = ReadonlyMap<string, boolean>;

/** The variables that an operation's `@skip`, `@include` and `@defer` name, with their defaults. */
export class ConditionVariables {
  readonly #defaults: ReadonlyMap<string, boolean | undefined>;

  constructor({ document, operation }: ValidOperation) {
    const names = conditionNames(document);
    this.#defaults = new Map(
      (operation.variableDefinitions ?? [])
        .filter(({ variable }) => names.has(variable.name.value))
        .map(({ variable, defaultValue }) => [variable.name.value, defaultValue?.kind === Kind.BOOLEAN ? defaultValue.value : undefined]),
    );
  }

  /** An error when one has no Boolean value. */
  read(variables: Readonly<Record<string, unknown>>): ConditionValues | GraphQLError {
    if (this.#defaults.size === 0) return noConditions;
    const values = new Map<string, boolean>();
    for (const [name, defaultValue] of this.#defaults) {
      const value = Object.hasOwn(variables, name) && variables[name] !== undefined ? variables[name] : defaultValue;
      if (typeof value !== 'boolean') return notBoolean(name);
      values.set(name, value);
    }
    return values;
  }
}

const noConditions: ConditionValues = new Map();

/** Equal for equal values of the same variables. */
export function conditionsKey(values: ConditionValues): string {
  let key = '';
  for (const value of values.values()) key += value ? '1' : '0';
  return key;
}

/** Directives whose `if` decides on what is executed, and how it is delivered. */
const conditionalDirectives: ReadonlySet<string> = new Set(['skip', 'include', 'defer']);

function conditionNames(document: ValidOperation['document']): Set<string> {
  const names = new Set<string>();
  visit(document, {
    Directive({ name, arguments: given = [] }) {
      if (!conditionalDirectives.has(name.value)) return;
      for (const { value } of given) if (value.kind === Kind.VARIABLE) names.add(value.name.value);
    },
  });
  return names;
}

function notBoolean(name: string): GraphQLError {
  return new GraphQLError(`Variable "$${name}" decides on @skip, @include or @defer and must be true or false.`, {
    extensions: { code: 'BAD_USER_INPUT' },
  });
}
