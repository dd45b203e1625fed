import type { Principal } from '@tenantry/auth';
import type { Mode } from '@tenantry/service';
import {
  GraphQLError,
  Kind,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { OperationRefusedError } from '../errors.ts';
import type { CheckOperation } from '../http/operation-checks.ts';
import type { AcceptedOperation } from '../http/request-record.ts';

/** What clients may ask at the moment. */
export interface Api {
  readonly schema: GraphQLSchema;
  readonly check: CheckOperation;
}

/** An operation as a client sends it. */
export interface OperationPayload {
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

export interface OperationReaderOptions {
  readonly api: () => Api;
  /** `development` allows introspection, and suggestions of names. */
  readonly mode: Mode;
  /** Tokens of a document, at most. */
  readonly maxTokens: number;
}

/** Characters of documents that are kept parsed, at most. */
const keptCharacters = 4 * 1024 * 1024;

/** How graphql-js ends the message of an error that gives names of the schema away. */
const suggestion = / ?Did you mean .+\?$/;

/** Turns what clients send into operations that may be executed, by the rules that hold for requests. */
export class OperationReader {
  readonly #options: OperationReaderOptions;
  readonly #documents = new WeakMap<GraphQLSchema, LRUCache<string, DocumentNode>>();

  constructor(options: OperationReaderOptions) {
    this.#options = options;
  }

  /**
   * @throws {OperationRefusedError} when it is no valid operation
   * @throws {TenantryError} when it is too large, or not for this principal
   */
  read({ query, operationName, variables }: OperationPayload, principal: Principal | null): AcceptedOperation {
    const { schema, check } = this.#options.api();
    const document = this.#documentOf(query, schema);
    const operation = { document, operation: findOperation(document, operationName) };
    check(operation, schema, { principal, variables: variables ?? {} });
    return { operation, schema };
  }

  /** The same object for the same text, so that what is worked out for a document is worked out once. */
  #documentOf(query: string, schema: GraphQLSchema): DocumentNode {
    const documents = this.#documents.get(schema) ?? new LRUCache({ maxSize: keptCharacters });
    this.#documents.set(schema, documents);
    const kept = documents.get(query);
    if (kept) return kept;
    const document = this.#parse(query);
    this.#validate(document, schema);
    documents.set(query, document, { size: query.length + 1 });
    return document;
  }

  #parse(query: string): DocumentNode {
    try {
      return parse(query, { maxTokens: this.#options.maxTokens });
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      throw new OperationRefusedError([withCode(error, 'GRAPHQL_PARSE_FAILED')]);
    }
  }

  #validate(document: DocumentNode, schema: GraphQLSchema): void {
    const isOpen = this.#options.mode === 'development';
    const errors = validate(schema, document, isOpen ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule]);
    if (errors.length === 0) return;
    throw new OperationRefusedError(
      errors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED', isOpen ? error.message : error.message.replace(suggestion, ''))),
    );
  }
}

function findOperation({ definitions }: DocumentNode, name: string | null | undefined): OperationDefinitionNode {
  const operations = definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  const [operation, ...others] = operations.filter((each) => name === undefined || name === null || each.name?.value === name);
  if (operation && others.length === 0) return operation;
  const message = 'Name one of the operations of the document as `operationName`.';
  throw new OperationRefusedError([new GraphQLError(message, { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } })]);
}

function withCode({ nodes, source, positions, extensions, message: given }: GraphQLError, code: string, message = given): GraphQLError {
  const place = { nodes: nodes ?? null, source: source ?? null, positions: positions ?? null };
  return new GraphQLError(message, { ...place, extensions: { ...extensions, code } });
}
