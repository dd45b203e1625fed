import type { ConcretePath } from '../plan/entities.ts';

/** Tells which of several objects a path leads into. They are all found by one path of response names, so they are equally deep. */
export class PlaceIndex {
  readonly #depth: number;
  readonly #places: ReadonlyMap<string, number>;

  constructor(locations: readonly ConcretePath[]) {
    this.#depth = locations[0]?.length ?? 0;
    this.#places = new Map(locations.map((location, place) => [JSON.stringify(location), place]));
  }

  placeOf(path: readonly (string | number)[]): number | undefined {
    return this.#places.get(JSON.stringify(path.slice(0, this.#depth)));
  }
}
