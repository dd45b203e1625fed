import { Kind, parse, type DocumentNode, type ConstDirectiveNode, type SelectionSetNode } from 'graphql';

/** What the directives of one subgraph say that its schema, once built, does not. */
export interface FederatedDirectives {
  /** Keys by type. */
  readonly keys: ReadonlyMap<string, readonly SelectionSetNode[]>;
  /** Selections of `@requires` by `Type.field`. */
  readonly requires: ReadonlyMap<string, SelectionSetNode>;
  readonly interfaceObjects: ReadonlySet<string>;
}

export function readDirectives(document: DocumentNode): FederatedDirectives {
  const keys = new Map<string, SelectionSetNode[]>();
  const requires = new Map<string, SelectionSetNode>();
  const interfaceObjects = new Set<string>();
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.INTERFACE_TYPE_DEFINITION) continue;
    const type = definition.name.value;
    const { directives = [], fields = [] } = definition;
    const typeKeys = directives.filter(({ name }) => name.value === 'key').map((directive) => fieldsOf(directive));
    if (typeKeys.length > 0) keys.set(type, typeKeys);
    if (directives.some(({ name }) => name.value === 'interfaceObject')) interfaceObjects.add(type);
    for (const field of fields) {
      const required = field.directives?.find(({ name }) => name.value === 'requires');
      if (required) requires.set(`${type}.${field.name.value}`, fieldsOf(required));
    }
  }
  return { keys, requires, interfaceObjects };
}

function fieldsOf(directive: ConstDirectiveNode): SelectionSetNode {
  const value = directive.arguments?.find(({ name }) => name.value === 'fields')?.value;
  if (value?.kind !== Kind.STRING) throw new Error(`@${directive.name.value} has no fields.`);
  const [definition] = parse(`{ ${value.value} }`).definitions;
  if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new Error(`@${directive.name.value} has no selection.`);
  return definition.selectionSet;
}
