import { getResponseName, type QueryPlanSelectionNode } from '@apollo/query-planner';
import type { ObjectTypes } from '../object-types.ts';
import { noteRun, type LeafLayout, type ValueLayout } from './answer-layout.ts';
import type { FoundField, Place } from './place.ts';
import type { SpliceRun } from './splice-run.ts';
import { Unspliceable } from './unspliceable.ts';

/** The text of a part of the answers. */
type Read = (run: SpliceRun) => string;

export interface RequiredOfEntities {
  /** What a fetch `requires` of each. */
  readonly requires: readonly QueryPlanSelectionNode[];
  readonly types: ObjectTypes;
}

export interface CompiledRepresentation {
  /** The JSON of what a subgraph is to know an entity by, without its braces: mostly one piece of an answer. */
  readonly represent: Read;
  /** Whether there is but one way to write each of the values, or they are strings. */
  readonly hasPlainValues: boolean;
}

/**
 * Compiles the writing of the representation of the entity in a place where a run is.
 *
 * @throws {Unspliceable}
 */
export function compileRepresentation({ requires, types }: RequiredOfEntities, place: Place): CompiledRepresentation {
  const names = requiredFields(requires, place, types);
  // Entities that do not say their type are left out.
  if (!names.includes('__typename')) throw new Unspliceable('a plan is not as plans are');
  const fields = names.map((name) => place.find(name));
  const hasPlainValues = fields.every(({ field }) => isPlain(leafIn(field.value)));
  const [first, ...others] = runsOf(fields).map(compileRead);
  if (!first) throw new Unspliceable('a plan is not as plans are');
  if (others.length === 0) return { represent: first, hasPlainValues };
  const represent: Read = (run) => {
    let text = first(run);
    for (const read of others) text += `,${read(run)}`;
    return text;
  };
  return { represent, hasPlainValues };
}

/** Names of what is required of the objects of a place, in the order in which a representation has it. */
function requiredFields(selections: readonly QueryPlanSelectionNode[], place: Place, types: ObjectTypes): string[] {
  const names = selections.flatMap((selection) => {
    if (selection.kind === 'InlineFragment') {
      const { typeCondition } = selection;
      const applies = typeCondition !== undefined && types.satisfying(typeCondition).has(place.type.name);
      return applies ? requiredFields(selection.selections, place, types) : [];
    }
    // Of objects within keys, an answer may have other fields than are required.
    if (selection.selections) throw new Unspliceable('a key or a requirement has objects in it');
    return [getResponseName(selection)];
  });
  return [...new Set(names)];
}

/** Fields that are beside each other in an answer, together. */
function runsOf(fields: readonly FoundField[]): FoundField[][] {
  const runs: FoundField[][] = [];
  for (const field of fields) {
    const run = runs.at(-1);
    const before = run?.at(-1);
    if (before?.object === field.object && before.index + 1 === field.index) run?.push(field);
    else runs.push([field]);
  }
  return runs;
}

function compileRead(fields: readonly FoundField[]): Read {
  const [first, last] = [fields[0]!, fields.at(-1)!];
  const { fetch, id } = first.object;
  const slot = noteRun(first.object, first.index, last.index);
  return (run) => {
    const tape = run.tapeOf(fetch);
    const place = run.recordOf(id) + slot;
    return run.bytesOf(fetch).toString('utf8', tape[place], tape[place + 1]);
  };
}

function leafIn(value: ValueLayout): LeafLayout {
  if (value.kind === 'list') return leafIn(value.item);
  if (value.kind === 'composite') throw new Unspliceable('a key or a requirement has objects in it');
  return value;
}

function isPlain({ leaf: { kind } }: LeafLayout): boolean {
  return kind !== 'Float' && kind !== 'any';
}
