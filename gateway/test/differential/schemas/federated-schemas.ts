import * as fc from 'fast-check';
import { Picker } from '../../support/picker.ts';
import { addInterfaces, addUnions } from './abstract-types.ts';
import type { SchemaDraft } from './draft.ts';
import { addEntities } from './entities.ts';
import { addMovedAndHidden, addOwnFields, addProvides, addRequires, addSplitValues } from './federated-fields.ts';
import { addInterfaceObject } from './interface-objects.ts';
import { printSubgraph, type SubgraphSdl } from './print-subgraph.ts';
import { addRootFields } from './root-fields.ts';
import { addSharedTypes } from './shared-types.ts';

/**
 * Subgraphs that almost always compose: two to four of them, with entities under all kinds of keys, shared value types, interfaces,
 * unions and interface objects, and with every directive of federation that the stock gateway executes.
 */
export const federatedSchemas: fc.Arbitrary<readonly SubgraphSdl[]> = fc.gen().map((generate) => {
  const picker = new Picker(generate);
  const subgraphs = Array.from({ length: picker.integer(2, 4) }, (_, index) => {
    return { name: `s${index}`, types: new Map(), unions: new Map() };
  });
  const isConcrete = picker.chance(50);
  const draft: SchemaDraft = { picker, isConcrete, subgraphs, entities: [], library: new Map(), valueTypes: [] };
  for (const add of isConcrete ? concreteParts : parts) add(draft);
  return subgraphs.map((subgraph) => printSubgraph(subgraph, draft.library));
});

const parts = [
  addSharedTypes,
  addEntities,
  addInterfaceObject,
  addInterfaces,
  addUnions,
  addOwnFields,
  addSplitValues,
  addRequires,
  addProvides,
  addMovedAndHidden,
  addRootFields,
];

const concreteParts = parts.filter((part) => part !== addInterfaceObject && part !== addInterfaces && part !== addUnions);
