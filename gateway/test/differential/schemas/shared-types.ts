import type { SchemaDraft } from './draft.ts';
import { leafType } from './field-types.ts';

/** Enums, a custom scalar, an input, and value types that nest, implement an interface and are equal in all subgraphs. */
export function addSharedTypes(draft: SchemaDraft): void {
  const { picker, library, valueTypes, isConcrete } = draft;
  const hidden = picker.chance(40) ? ' HIDDEN @inaccessible' : '';
  library.set('Shade', `enum Shade { DARK LIGHT${hidden} }`);
  library.set('Color', 'enum Color { RED GREEN BLUE }');
  library.set('Json', 'scalar Json');
  library.set('Filter', 'input Filter { color: Color = RED, limit: Int, tags: [String!] }');
  const common = leafType(picker);
  // The description makes whoever names the interface declare what implements it.
  library.set('Shape', `"Either Shape0 or Shape1."\ninterface Shape { common: ${common.replace(/!$/, '')} }`);
  library.set('Shape0', `type Shape0 implements Shape @shareable { common: ${common} f0: ${leafType(picker)} shade: Shade next: Shape1 }`);
  library.set('Shape1', `type Shape1 implements Shape @shareable { common: ${common} f0: ${leafType(picker)} f1: ${leafType(picker)} }`);
  const best = isConcrete ? 'Shape0' : 'Shape';
  library.set('Grid', `type Grid @shareable { rows: [[Shape1!]]! f0(x: Int = 1): ${leafType(picker)} best: ${best} }`);
  valueTypes.push(best, 'Shape0', 'Shape1', 'Grid');
}
