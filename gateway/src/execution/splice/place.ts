import { noteValue, type FieldLayout, type ObjectLayout } from './answer-layout.ts';
import type { SpliceRun } from './splice-run.ts';
import { Unspliceable } from './unspliceable.ts';

/** A fetch of what else is known of the objects at a path. */
export interface EntityFetch {
  readonly fetch: number;
  /** As in a plan, its parts joined by dots. */
  readonly path: string;
  readonly object: ObjectLayout;
}

export interface FoundField {
  readonly object: ObjectLayout;
  /** Among the object's fields. */
  readonly index: number;
  readonly field: FieldLayout;
}

/** The way from the objects of a place to those in one of their fields. */
export interface Descent {
  readonly below: Place;
  readonly isList: boolean;
  /** Whose answer says where they are. */
  readonly fetch: number;
  /** The place on the tape of the record below, or of the list of such records; `nothing` for null. */
  readonly recordIn: (run: SpliceRun) => number;
}

/** A place of the response where objects are, and all that answers tell of them. */
export class Place {
  readonly #path: string;
  readonly #bases: readonly ObjectLayout[];
  readonly #known: readonly EntityFetch[];
  readonly #here: readonly EntityFetch[];
  readonly #objects: readonly ObjectLayout[];

  /**
   * @param bases the objects that answers have in this place: at the root several may, below it one
   * @param known fetches whose answers are there
   */
  constructor(path: string, bases: readonly ObjectLayout[], known: readonly EntityFetch[]) {
    this.#path = path;
    this.#bases = bases;
    this.#known = known;
    this.#here = known.filter((fetch) => fetch.path === path);
    this.#objects = [...bases, ...this.#here.map(({ object }) => object)];
  }

  get path(): string {
    return this.#path;
  }

  /** @throws {Unspliceable} where no answer has any object */
  get type(): ObjectLayout['type'] {
    const [object] = this.#objects;
    if (!object) throw new Unspliceable('something is asked for that is not fetched');
    return object.type;
  }

  /**
   * A field, by its name in the response, of the answer that came last of those that have it.
   *
   * @throws {Unspliceable} where none has
   */
  find(name: string): FoundField {
    const found = this.#objects.flatMap((object) => fieldOf(object, name)).at(-1);
    if (!found) throw new Unspliceable('something is asked for that is not fetched');
    return found;
  }

  /** Whether fetches of their own tell of the objects of a field, or of what is within them. */
  hasFetchesBelow(name: string): boolean {
    const below = pathBelow(this.#path, name);
    return this.#known.some(({ path }) => path === below || path.startsWith(`${below}.`));
  }

  /** @throws {Unspliceable} unless one answer alone has objects there, each by itself or all in one list */
  descend(name: string): Descent {
    const [found, ...others] = this.#objects.flatMap((object) => fieldOf(object, name));
    if (!found) throw new Unspliceable('something is asked for that is not fetched');
    if (others.length > 0) throw new Unspliceable('objects are told of by several answers');
    const { object, field } = found;
    const { value } = field;
    if (value.kind === 'leaf') throw new Unspliceable('a plan is not as plans are');
    const isList = value.kind === 'list';
    const inner = isList ? value.item : value;
    if (inner.kind !== 'composite') throw new Unspliceable('objects are in lists in lists');
    const slot = noteValue(object, value);
    return {
      below: new Place(pathBelow(this.#path, isList ? `${name}.@` : name), [inner.object], this.#known),
      isList,
      fetch: object.fetch,
      recordIn: (run) => run.tapeOf(object.fetch)[run.recordOf(object.id) + slot]!,
    };
  }

  /** Goes to one of the objects; to the next one each time, as far as fetches of their own know of it. */
  enter(run: SpliceRun, record: number): void {
    for (const { id } of this.#bases) run.setRecord(id, record);
    for (const { fetch, object } of this.#here) run.setRecord(object.id, run.nextEntity(fetch));
  }
}

function pathBelow(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function fieldOf(object: ObjectLayout, name: string): FoundField[] {
  const index = object.indexes.get(name);
  return index === undefined ? [] : [{ object, index, field: object.fields[index]! }];
}
