import type { Mode } from '@tenantry/service';
import {
  getOperationAST,
  GraphQLError,
  Kind,
  OperationTypeNode,
  parse,
  validate,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { CompiledOperation } from './execution/compiled-operation.ts';
import { FieldBudget } from './execution/field-budget.ts';
import { operationRules } from './operation-rules.ts';

/** Characters of query text whose operations are kept, at some 350 bytes of memory each at most: the gateway's plans repeat. */
const cachedCharacters = 512 * 1024;

/** Tokens of a document at most: many times what the gateway takes, whose plans unfold what a client wrote in short. */
const maxTokens = 100_000;

/** Raised when an operation is not executed: it does not parse, or is not valid in this schema. */
export class OperationRefusedError extends Error {
  readonly errors: readonly GraphQLError[];

  constructor(errors: readonly GraphQLError[]) {
    super(errors.map((error) => error.message).join('; '));
    this.name = 'OperationRefusedError';
    this.errors = errors;
  }
}

/** An operation that is valid in its subgraph's schema. */
export interface PreparedOperation {
  readonly document: DocumentNode;
  readonly definition: OperationDefinitionNode;
  readonly compiled: CompiledOperation;
}

/** A document that is valid, and those of its operations that were asked for, by name. */
interface ValidDocument {
  readonly document: DocumentNode;
  readonly operations: Map<string | undefined, PreparedOperation>;
  readonly budget: FieldBudget;
}

/** Parses, validates and compiles operations, each text once. */
export class OperationDocuments {
  readonly #schema: GraphQLSchema;
  readonly #rules;
  readonly #valid = new LRUCache<string, ValidDocument>({ maxSize: cachedCharacters, sizeCalculation: (_, text) => text.length || 1 });

  constructor(schema: GraphQLSchema, mode: Mode) {
    this.#schema = schema;
    this.#rules = operationRules(mode);
  }

  /** @throws {OperationRefusedError} */
  prepare(query: string, operationName: string | undefined): PreparedOperation {
    const { document, operations, budget } = this.#valid.get(query) ?? this.#parse(query);
    const known = operations.get(operationName);
    if (known) return known;
    const definition = getOperationAST(document, operationName);
    if (!definition) throw noSuchOperation(operationName);
    const compiled = new CompiledOperation(this.#schema, document, definition, budget);
    const operation = { document, definition, compiled };
    operations.set(operationName, operation);
    return operation;
  }

  #parse(query: string): ValidDocument {
    const document = unlessTooDeep(() => parseText(query));
    const errors = unlessTooDeep(() => validate(this.#schema, document, this.#rules));
    if (errors.length > 0) throw new OperationRefusedError(errors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED')));
    const valid: ValidDocument = { document, operations: new Map(), budget: FieldBudget.of(document) };
    this.#valid.set(query, valid);
    return valid;
  }
}

function noSuchOperation(name: string | undefined): OperationRefusedError {
  const message = name ? `The document has no operation ${JSON.stringify(name)}.` : 'Name one of the operations.';
  return new OperationRefusedError([new GraphQLError(message, { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } })]);
}

/** Whether an operation asks for nothing but the schema. */
export function isIntrospection({ document, definition }: PreparedOperation): boolean {
  return definition.operation === OperationTypeNode.QUERY && rootFieldNames({ document, definition }).every(isIntrospectionField);
}

/** graphql-js reads and validates by recursion: what is nested too deeply overflows the stack, and is refused like what is too long. */
function unlessTooDeep<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const refusal = new GraphQLError('The document is nested too deeply.', { extensions: { code: 'OPERATION_TOO_COMPLEX' } });
    throw new OperationRefusedError([refusal]);
  }
}

function parseText(query: string): DocumentNode {
  try {
    return parse(query, { maxTokens });
  } catch (error) {
    throw error instanceof GraphQLError ? new OperationRefusedError([withCode(error, 'GRAPHQL_PARSE_FAILED')]) : error;
  }
}

function withCode(error: GraphQLError, code: string): GraphQLError {
  const { message, nodes = null, source, positions } = error;
  return new GraphQLError(message, { nodes, source, positions, extensions: { code } });
}

/** Names of the root's fields that an operation selects, directly or by fragments, each of which is looked at once. */
export function rootFieldNames({ document, definition }: Pick<PreparedOperation, 'document' | 'definition'>): string[] {
  const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  const spread = new Set<string>();
  const namesIn = ({ selections }: SelectionSetNode): string[] =>
    selections.flatMap((selection) => {
      if (selection.kind === Kind.FIELD) return [selection.name.value];
      if (selection.kind === Kind.INLINE_FRAGMENT) return namesIn(selection.selectionSet);
      const name = selection.name.value;
      if (spread.has(name)) return [];
      spread.add(name);
      return fragments.filter((fragment) => fragment.name.value === name).flatMap((fragment) => namesIn(fragment.selectionSet));
    });
  return [...new Set(namesIn(definition.selectionSet))];
}

function isIntrospectionField(name: string): boolean {
  return ['__schema', '__type', '__typename', '_service'].includes(name);
}
