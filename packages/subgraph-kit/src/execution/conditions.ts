import { GraphQLIncludeDirective, GraphQLSkipDirective, Kind, type DocumentNode, type SelectionNode } from 'graphql';

const conditions = new Set([GraphQLSkipDirective.name, GraphQLIncludeDirective.name]);

/**
 * Names of the variables that decide which fields of a document are selected.
 *
 * @returns null where a response would hold `__proto__`, which only graphql-js's objects without a prototype can
 */
export function conditionsOf(document: DocumentNode): readonly string[] | null {
  const variables = new Set<string>();
  for (const selection of selectionsOf(document)) {
    if (selection.kind === Kind.FIELD && selection.alias?.value === '__proto__') return null;
    for (const { name, arguments: given = [] } of selection.directives ?? []) {
      if (!conditions.has(name.value)) continue;
      for (const { value } of given) if (value.kind === Kind.VARIABLE) variables.add(value.name.value);
    }
  }
  return [...variables];
}

/** All of them, however deep. The `visit` of graphql-js, which can do more, takes longer than the compilation. */
function selectionsOf({ definitions }: DocumentNode): SelectionNode[] {
  const found = definitions.flatMap((definition) => ('selectionSet' in definition ? definition.selectionSet.selections : []));
  // The list grows while it is gone through.
  for (const selection of found)
    if ('selectionSet' in selection && selection.selectionSet) found.push(...selection.selectionSet.selections);
  return found;
}
