import { BREAK, Kind, visit, type DocumentNode, type FragmentDefinitionNode, type OperationDefinitionNode } from 'graphql';

/** One operation of a document that was parsed and found valid. */
export interface ValidOperation {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
}

export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

export function fragmentsOf(document: DocumentNode): Fragments {
  const fragments = document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  return new Map(fragments.map((fragment) => [fragment.name.value, fragment]));
}

/** Whether a client may be answered in parts, if it takes parts and the variables allow it. */
export function mentionsDefer(document: DocumentNode): boolean {
  let isMentioned = false;
  visit(document, {
    Directive({ name }) {
      if (name.value !== 'defer') return undefined;
      isMentioned = true;
      return BREAK;
    },
  });
  return isMentioned;
}
