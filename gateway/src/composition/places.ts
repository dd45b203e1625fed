import { getLocation, isTypeDefinitionNode, isTypeExtensionNode, type ASTNode, type DocumentNode, type GraphQLError } from 'graphql';

/**
 * Where an error of composition points, as `path:line:column`: its own nodes or positions, else the first definition that its
 * message names (errors of satisfiability have no nodes), else the start of the file of the subgraph it names.
 */
export function placesOf(error: GraphQLError, documents: ReadonlyMap<string, DocumentNode>): string[] {
  const own = error.nodes ? error.nodes.flatMap(placeOfNode) : placesOfPositions(error);
  if (own.length > 0) return [...new Set(own)];
  const named = definitionsNamedIn(error.message, documents).next().value ?? documentNamedIn(error.message, documents);
  return named ? placeOfNode(named) : [];
}

function placeOfNode({ loc }: ASTNode): string[] {
  if (!loc) return [];
  const { line, column } = getLocation(loc.source, loc.start);
  return [`${loc.source.name}:${line}:${column}`];
}

function placesOfPositions({ source, locations }: GraphQLError): string[] {
  if (!source) return [];
  return (locations ?? []).map(({ line, column }) => `${source.name}:${line}:${column}`);
}

/** The definitions that a message quotes as `"Type.field"` or `"Type"`, in its order. */
function* definitionsNamedIn(message: string, documents: ReadonlyMap<string, DocumentNode>): Generator<ASTNode, undefined> {
  for (const [, typeName, fieldName] of message.matchAll(/"(\w+)(?:\.(\w+))?/g)) {
    for (const document of documents.values()) yield* definitionsOf(document, typeName, fieldName);
  }
}

function* definitionsOf(document: DocumentNode, typeName: string | undefined, fieldName: string | undefined): Generator<ASTNode> {
  for (const definition of document.definitions) {
    if (!isTypeDefinitionNode(definition) && !isTypeExtensionNode(definition)) continue;
    if (definition.name.value !== typeName) continue;
    if (fieldName === undefined) yield definition;
    else if ('fields' in definition) yield* (definition.fields ?? []).filter(({ name }) => name.value === fieldName);
  }
}

/** Errors of one subgraph start with its name: `[users] …`. */
function documentNamedIn(message: string, documents: ReadonlyMap<string, DocumentNode>): DocumentNode | undefined {
  return documents.get(/^\[([\w-]+)\]/.exec(message)?.[1] ?? '');
}
