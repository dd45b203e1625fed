import {
  execute,
  getVariableValues,
  GraphQLError,
  Kind,
  OperationTypeNode,
  type DocumentNode,
  type ExecutionResult,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { conditionsOf } from './conditions.ts';
import { FieldBudget } from './field-budget.ts';
import { OperationPlan } from './operation-plan.ts';
import { isPromise, Run } from './run.ts';
import type { Selection } from './selection.ts';

export interface OperationInput {
  /** What every resolver is given. */
  context: unknown;
  /** As they came, not coerced. */
  variables: Record<string, unknown> | undefined;
  /** What the root's fields are read of: the event that a subscription answers. Default: nothing. */
  root?: unknown;
}

/** Variables that do not fit are told of up to here, as by graphql-js. */
const maxVariableErrors = 50;

/** Combinations of the values of an operation's conditions that are kept compiled; others are left to graphql-js. */
const maxVariants = 16;

/** The operation for one combination of its conditions' values. */
interface Variant {
  plan: OperationPlan;
  root: Selection;
}

/**
 * A valid operation, compiled so that a run costs what its values cost: fields are collected, and types looked at, once an
 * operation and not once an object. Without generated code, and with results and errors as of graphql-js, whose `execute` takes
 * over what is not worth compiling.
 */
export class CompiledOperation {
  readonly #schema: GraphQLSchema;
  readonly #document: DocumentNode;
  readonly #definition: OperationDefinitionNode;
  readonly #fragments: Record<string, FragmentDefinitionNode>;
  /** Names of the variables that decide which fields are selected; null where the operation is left to graphql-js. */
  readonly #conditions: readonly string[] | null;
  readonly #budget: FieldBudget;
  /** Null for one that needs more fields than are kept. */
  readonly #variants = new Map<string, Variant | null>();

  /** @param budget shared by the operations of the document, over all combinations of their conditions' values */
  constructor(schema: GraphQLSchema, document: DocumentNode, definition: OperationDefinitionNode, budget = FieldBudget.of(document)) {
    this.#schema = schema;
    this.#document = document;
    this.#definition = definition;
    this.#fragments = fragmentsOf(document);
    this.#conditions = conditionsOf(document);
    this.#budget = budget;
  }

  execute({ context, variables = {}, root }: OperationInput): ExecutionResult | Promise<ExecutionResult> {
    const { variableDefinitions = [] } = this.#definition;
    const { coerced, errors } = getVariableValues(this.#schema, variableDefinitions, variables, { maxErrors: maxVariableErrors });
    if (errors) return { errors };
    const variant = this.#variantFor(coerced);
    if (!variant) return this.#interpret({ context, variables, root });
    return run(variant, this.#definition, new Run({ context, root, variables: coerced }));
  }

  /** Null where graphql-js has to run the operation. */
  #variantFor(variables: Record<string, unknown>): Variant | null {
    if (this.#conditions?.every((name) => typeof variables[name] === 'boolean') !== true) return null;
    const key = this.#conditions.map((name) => (variables[name] === true ? '1' : '0')).join('');
    const known = this.#variants.get(key);
    if (known === undefined) return this.#mayCompile() ? this.#compile(key, variables) : null;
    if (!known?.plan.isCutShort) return known;
    this.#variants.set(key, null);
    return null;
  }

  #mayCompile(): boolean {
    return this.#variants.size < maxVariants && !this.#budget.isSpent;
  }

  #compile(key: string, variables: Record<string, unknown>): Variant | null {
    const rootType = this.#schema.getRootType(this.#definition.operation);
    if (!rootType) return null;
    const common = { schema: this.#schema, fragments: this.#fragments, definition: this.#definition, budget: this.#budget };
    const plan = new OperationPlan({ ...common, variables });
    const variant = { plan, root: plan.compileSelection(rootType, [this.#definition]) };
    this.#variants.set(key, variant);
    return variant;
  }

  #interpret({ context, variables, root }: OperationInput): ExecutionResult | Promise<ExecutionResult> {
    const [schema, document, operationName] = [this.#schema, this.#document, this.#definition.name?.value];
    return execute({ schema, document, contextValue: context, variableValues: variables, rootValue: root, operationName });
  }
}

function run({ root }: Variant, { operation }: OperationDefinitionNode, state: Run): ExecutionResult | Promise<ExecutionResult> {
  const respond = (data: Record<string, unknown> | null): ExecutionResult =>
    state.errors.length > 0 ? { errors: state.errors, data } : { data };
  const refuse = (error: GraphQLError) => respond(state.fail(error, undefined));
  try {
    const data = operation === OperationTypeNode.MUTATION ? root.executeSerially(state) : root.execute(state, state.root, undefined);
    return isPromise(data) ? data.then(respond, refuse) : respond(data);
  } catch (error) {
    if (error instanceof GraphQLError) return refuse(error);
    throw error;
  }
}

function fragmentsOf({ definitions }: DocumentNode): Record<string, FragmentDefinitionNode> {
  const fragments = definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  return Object.fromEntries(fragments.map((fragment) => [fragment.name.value, fragment]));
}
