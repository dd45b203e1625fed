import {
  GraphQLError,
  isTypeDefinitionNode,
  isTypeExtensionNode,
  specifiedScalarTypes,
  visit,
  type DocumentNode,
  type NamedTypeNode,
} from 'graphql';

/** Every reference to a type that neither the schema defines nor a specification brings in by `@link`. */
export function findUnknownTypes(document: DocumentNode): GraphQLError[] {
  const known = new Set([...specifiedScalarTypes.map(({ name }) => name), ...definedNames(document), ...linkedNames(document)]);
  return typeReferences(document)
    .filter(({ name }) => !known.has(name.value) && !isNameOfSpecification(name.value))
    .map((node) => new GraphQLError(`Unknown type ${node.name.value}`, { nodes: [node] }));
}

/** Types of a linked specification that is not imported by name are called `federation__FieldSet` and the like. */
function isNameOfSpecification(name: string): boolean {
  return name.includes('__');
}

/** In Federation 2, `extend type` defines a type as well as `type` does. */
function definedNames(document: DocumentNode): string[] {
  const types = document.definitions.filter((node) => isTypeDefinitionNode(node) || isTypeExtensionNode(node));
  return types.map(({ name }) => name.value);
}

/** What the document's `@link(import: …)` lists, as `"Name"` or `{ name: "Name", as: "Other" }`. */
function linkedNames(document: DocumentNode): string[] {
  const names: string[] = [];
  visit(document, {
    Directive: ({ name }) => (name.value === 'link' ? undefined : false),
    StringValue: ({ value }) => void names.push(value),
  });
  return names;
}

function typeReferences(document: DocumentNode): NamedTypeNode[] {
  const references: NamedTypeNode[] = [];
  visit(document, { NamedType: (node) => void references.push(node) });
  return references;
}
