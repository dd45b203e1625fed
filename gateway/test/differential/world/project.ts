import { Kind, type SelectionSetNode } from 'graphql';
import { isObject } from './hash.ts';
import type { World } from './world.ts';

/** What a selection as in `@key` or `@requires` finds in a representation, without `__typename`; what is missing is left out. */
export function project(
  source: Readonly<Record<string, unknown>>,
  { selections }: SelectionSetNode,
  world: Pick<World, 'isA'>,
): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const node of selections) {
    if (node.kind === Kind.INLINE_FRAGMENT) {
      const type = source['__typename'];
      // A representation need not say the types of what is in it.
      if (typeof type !== 'string' || world.isA(type, node.typeCondition?.name.value))
        Object.assign(found, project(source, node.selectionSet, world));
    } else if (node.kind === Kind.FIELD && node.name.value in source && node.name.value !== '__typename') {
      found[node.name.value] = projectIn(source[node.name.value], node.selectionSet, world);
    }
  }
  return found;
}

function projectIn(value: unknown, selection: SelectionSetNode | undefined, world: Pick<World, 'isA'>): unknown {
  if (!selection) return value;
  if (Array.isArray(value)) return value.map((element: unknown) => projectIn(element, selection, world));
  return isObject(value) ? project(value, selection, world) : value;
}
