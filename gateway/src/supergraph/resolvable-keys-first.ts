import {
  Kind,
  parse,
  print,
  visit,
  type ConstDirectiveNode,
  type InterfaceTypeDefinitionNode,
  type ObjectTypeDefinitionNode,
} from 'graphql';

/**
 * Puts the keys by which a subgraph resolves a type before those that it only names (`resolvable: false`).
 *
 * Their order has no meaning in a supergraph. Yet to come back to a subgraph with what a `@requires` there needs,
 * `@apollo/query-planner` 2.14 takes the first key that is at hand, resolvable or not, and the subgraph finds nothing by it.
 */
export function resolvableKeysFirst(supergraphSdl: string): string {
  return print(visit(parse(supergraphSdl), { ObjectTypeDefinition: inOrder, InterfaceTypeDefinition: inOrder }));
}

function inOrder<Definition extends ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode>(definition: Definition): Definition {
  const { directives = [] } = definition;
  if (!directives.some(isOnlyNamed)) return definition;
  const bySubgraph = Map.groupBy(directives, subgraphOf);
  return { ...definition, directives: [...bySubgraph.values()].flatMap((keys) => keys.toSorted(resolvableFirst)) };
}

function resolvableFirst(one: ConstDirectiveNode, other: ConstDirectiveNode): number {
  return Number(isOnlyNamed(one)) - Number(isOnlyNamed(other));
}

/** Null for what does not say that a subgraph has the type. */
function subgraphOf(directive: ConstDirectiveNode): string | null {
  const graph = directive.name.value === 'join__type' ? argumentOf(directive, 'graph') : undefined;
  return graph?.kind === Kind.ENUM ? graph.value : null;
}

function isOnlyNamed(directive: ConstDirectiveNode): boolean {
  const resolvable = subgraphOf(directive) === null ? undefined : argumentOf(directive, 'resolvable');
  return resolvable?.kind === Kind.BOOLEAN && !resolvable.value;
}

function argumentOf({ arguments: given = [] }: ConstDirectiveNode, name: string) {
  return given.find((argument) => argument.name.value === name)?.value;
}
