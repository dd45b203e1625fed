import type { Mode } from '@tenantry/service';
import {
  getOperationAST,
  GraphQLError,
  Kind,
  NoSchemaIntrospectionCustomRule,
  OperationTypeNode,
  parse,
  specifiedRules,
  validate,
  type ASTVisitor,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';
import { LRUCache } from 'lru-cache';

/** Characters of query text whose documents are kept: the gateway's plans repeat. */
const cachedCharacters = 8 * 1024 * 1024;

/** Tokens of a document at most: many times what the gateway takes, whose plans unfold what a client wrote in short. */
const maxTokens = 100_000;

/** Selection sets within selection sets at most: more than the gateway's plans have, and far from what overflows the stack. */
const maxDepth = 200;

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
}

/** Parses and validates operations, each text once. */
export class OperationDocuments {
  readonly #schema: GraphQLSchema;
  readonly #rules;
  readonly #valid = new LRUCache<string, DocumentNode>({ maxSize: cachedCharacters, sizeCalculation: (_, text) => text.length || 1 });

  constructor(schema: GraphQLSchema, mode: Mode) {
    this.#schema = schema;
    const production = [NoSchemaIntrospectionCustomRule, noServiceSdl];
    this.#rules = [...specifiedRules, notTooDeep, ...(mode === 'production' ? production : [])];
  }

  /** @throws {OperationRefusedError} */
  prepare(query: string, operationName: string | undefined): PreparedOperation {
    const document = this.#valid.get(query) ?? this.#parse(query);
    const definition = getOperationAST(document, operationName);
    if (definition) return { document, definition };
    const message = operationName ? `The document has no operation ${JSON.stringify(operationName)}.` : 'Name one of the operations.';
    throw new OperationRefusedError([new GraphQLError(message, { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } })]);
  }

  #parse(query: string): DocumentNode {
    const document = unlessTooDeep(() => parseText(query));
    const errors = unlessTooDeep(() => validate(this.#schema, document, this.#rules));
    if (errors.length > 0) throw new OperationRefusedError(errors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED')));
    this.#valid.set(query, document);
    return document;
  }
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
export function rootFieldNames({ document, definition }: PreparedOperation): string[] {
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

function notTooDeep(context: ValidationContext): ASTVisitor {
  let depth = 0;
  return {
    SelectionSet: {
      enter: (node) => {
        depth++;
        if (depth === maxDepth + 1)
          context.reportError(new GraphQLError(`Fields nest up to ${maxDepth} deep, and not more.`, { nodes: node }));
      },
      leave: () => {
        depth--;
      },
    },
  };
}

/** Federation's own introspection: the schema as text. */
function noServiceSdl(context: ValidationContext): ASTVisitor {
  return {
    Field(node) {
      if (node.name.value !== '_service' || context.getParentType() !== context.getSchema().getQueryType()) return;
      context.reportError(new GraphQLError('Introspection is off: `_service` is answered in development only.', { nodes: node }));
    },
  };
}
