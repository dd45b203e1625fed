import type { ResponsePath } from '@apollo/query-planner';
import { everyItem } from '../plan/entities.ts';
import { compileRepresentation, type RequiredOfEntities } from './compile-representation.ts';
import type { KnownAnswers } from './known-answers.ts';
import type { Place } from './place.ts';
import { RepresentationList } from './representation-list.ts';
import { nothing } from './scan-answer.ts';
import type { SpliceRun } from './splice-run.ts';
import { Unspliceable } from './unspliceable.ts';

/** Goes through all objects below where a run is, and adds their representations to a list. */
type Visit = (run: SpliceRun, list: RepresentationList) => void;

export interface RepresentedEntities extends RequiredOfEntities {
  readonly path: ResponsePath;
  /** What is there when the entities are to be represented. */
  readonly known: KnownAnswers;
}

/**
 * Compiles the writing of the representations of all entities at a path, of what answers have of them. Has noted in the layouts what
 * is needed for it.
 *
 * @throws {Unspliceable}
 */
export function compileRepresentations({ path, known, ...required }: RepresentedEntities): (run: SpliceRun) => RepresentationList {
  const { represent, hasPlainValues } = compileRepresentation(required, known.placeAt(path));
  const visitAll = compileVisits(path, known.root, (run, list) => list.add(represent(run)));
  return (run) => {
    const list = new RepresentationList(hasPlainValues);
    run.start();
    visitAll(run, list);
    return list;
  };
}

/** @param path from the place to that of the entities */
function compileVisits(path: ResponsePath, place: Place, visitEntity: Visit): Visit {
  const [name, ...rest] = path;
  if (name === undefined) return visitEntity;
  const { below, isList, fetch, recordIn } = place.descend(String(name));
  if (isList !== (rest[0] === everyItem)) throw new Unspliceable('a plan is not as plans are');
  const visitBelow = compileVisits(isList ? rest.slice(1) : rest, below, visitEntity);
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
