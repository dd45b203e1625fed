import { Kind, parse, print, visit, type ASTVisitor, type DefinitionNode, type OperationDefinitionNode } from 'graphql';
import { fragmentsOf, type ValidOperation } from '../operation.ts';

/** An operation in the one form that all its spellings have in common. Its nodes have no locations. */
export interface CanonicalOperation extends ValidOperation {
  readonly text: string;
}

/**
 * The text of one operation of a document, without the document's other operations: in one layout, without comments, its fragments in
 * the order of their first use and named by it. Nothing that a client or a subgraph is answered depends on the rest. The names of the
 * operation, its variables and aliases stay, and so do literals.
 */
export function canonicalText({ document, operation }: ValidOperation): string {
  const fragments = fragmentsOf(document);
  const names = new Map<string, string>();
  const rename = (name: string): string => {
    const known = names.get(name) ?? `F${names.size}`;
    names.set(name, known);
    return known;
  };
  const canonical = canonicalizer(rename);
  const definitions: DefinitionNode[] = [visit(operation, canonical)];
  // A map's iteration comes to what is added meanwhile: fragments that are used by fragments.
  for (const name of names.keys()) {
    const fragment = fragments.get(name);
    if (fragment) definitions.push(visit(fragment, canonical));
  }
  return print({ kind: Kind.DOCUMENT, definitions });
}

/** @param text from {@link canonicalText} */
export function parseCanonical(text: string): CanonicalOperation {
  const document = parse(text, { noLocation: true });
  const operation = document.definitions.find((definition): definition is OperationDefinitionNode => {
    return definition.kind === Kind.OPERATION_DEFINITION;
  });
  if (!operation) throw new TypeError('A canonical text begins with its operation.');
  return { text, document, operation };
}

function canonicalizer(rename: (fragmentName: string) => string): ASTVisitor {
  return {
    FragmentSpread: ({ name, ...spread }) => ({ ...spread, name: { ...name, value: rename(name.value) } }),
    FragmentDefinition: ({ name, ...fragment }) => ({ ...fragment, name: { ...name, value: rename(name.value) } }),
    // A description is dropped; a block string means what it means as a plain one.
    StringValue: ({ value }, key) => (key === 'description' ? null : { kind: Kind.STRING, value }),
  };
}
