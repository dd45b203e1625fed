import { getResponseName, type QueryPlanSelectionNode, type ResponsePath } from '@apollo/query-planner';
import type { ObjectTypes } from '../object-types.ts';
import { everyItem } from '../plan/entities.ts';
import { noteRun, type ValueLayout } from './answer-layout.ts';
import type { FoundField, Place } from './place.ts';
import { RepresentationList } from './representation-list.ts';
import { nothing } from './scan-answer.ts';
import type { SpliceRun } from './splice-run.ts';
import { Unspliceable } from './unspliceable.ts';

/** Goes through all objects below where a run is, and adds their representations to a list. */
type Visit = (run: SpliceRun, list: RepresentationList) => void;

/** The text of a part of the answers. */
type Read = (run: SpliceRun) => string;

export interface RepresentedEntities {
  readonly path: ResponsePath;
  /** What a fetch `requires` of each. */
  readonly requires: readonly QueryPlanSelectionNode[];
  /** With the answers that are there when the fetch is to be made. */
  readonly root: Place;
  readonly types: ObjectTypes;
}

/**
 * Compiles the writing of representations, of what answers have of entities. Has noted in the layouts what is needed for it.
 *
 * @throws {Unspliceable}
 */
export function compileRepresentations({ path, requires, root, types }: RepresentedEntities): (run: SpliceRun) => RepresentationList {
  const visitAll = compileVisits(path, root, (place) => {
    const represent = compileRepresentation(requiredFields(requires, place, types), place);
    return (run, list) => list.add(represent(run));
  });
  return (run) => {
    const list = new RepresentationList();
    run.start();
    visitAll(run, list);
    return list;
  };
}

/** @param path from the place to that of the entities */
function compileVisits(path: ResponsePath, place: Place, compileVisit: (place: Place) => Visit): Visit {
  const [name, ...rest] = path;
  if (name === undefined) return compileVisit(place);
  const { below, isList, fetch, recordIn } = place.descend(String(name));
  if (isList !== (rest[0] === everyItem)) throw new Unspliceable();
  const visitBelow = compileVisits(isList ? rest.slice(1) : rest, below, compileVisit);
  const visit = (run: SpliceRun, list: RepresentationList, record: number) => {
    if (record === nothing) return;
    below.enter(run, record);
    visitBelow(run, list);
  };
  if (!isList) return (run, list) => visit(run, list, recordIn(run));
  return (run, list) => {
    const items = recordIn(run);
    if (items === nothing) return;
    const tape = run.tapeOf(fetch);
    const count = tape[items]!;
    for (let index = 1; index <= count; index++) visit(run, list, tape[items + index]!);
  };
}

/** Names of what is required of the objects of a place, in the order in which a representation has it. */
function requiredFields(selections: readonly QueryPlanSelectionNode[], place: Place, types: ObjectTypes): string[] {
  const names = selections.flatMap((selection) => {
    if (selection.kind === 'InlineFragment') {
      const { typeCondition } = selection;
      const applies = typeCondition === undefined || types.satisfying(typeCondition).has(place.type.name);
      return applies ? requiredFields(selection.selections, place, types) : [];
    }
    // Of objects within keys, an answer may have other fields than are required.
    if (selection.selections) throw new Unspliceable();
    return [getResponseName(selection)];
  });
  return [...new Set(names)];
}

function compileRepresentation(names: readonly string[], place: Place): Read {
  // Entities that do not say their type are left out.
  if (!names.includes('__typename')) throw new Unspliceable();
  const runs: FoundField[][] = [];
  for (const name of names) {
    const found = place.find(name);
    if (!isLeaf(found.field.value)) throw new Unspliceable();
    const run = runs.at(-1);
    const before = run?.at(-1);
    if (before?.object === found.object && before.index + 1 === found.index) run?.push(found);
    else runs.push([found]);
  }
  const [first, ...others] = runs.map(compileRead);
  if (!first) throw new Unspliceable();
  if (others.length === 0) return (run) => `{${first(run)}}`;
  return (run) => {
    let text = `{${first(run)}`;
    for (const read of others) text += `,${read(run)}`;
    return `${text}}`;
  };
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

function isLeaf(value: ValueLayout): boolean {
  return value.kind === 'list' ? isLeaf(value.item) : value.kind === 'leaf';
}
