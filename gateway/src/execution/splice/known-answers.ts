import type { ResponsePath } from '@apollo/query-planner';
import { everyItem } from '../plan/entities.ts';
import type { ObjectLayout } from './answer-layout.ts';
import { Place, type EntityFetch } from './place.ts';

/** The answers that are there once some fetches of a plan have been made, in the order in which these are. */
export class KnownAnswers {
  static readonly none = new KnownAnswers([], []);
  readonly #roots: readonly ObjectLayout[];
  readonly #entities: readonly EntityFetch[];

  private constructor(roots: readonly ObjectLayout[], entities: readonly EntityFetch[]) {
    this.#roots = roots;
    this.#entities = entities;
  }

  /** The root of the response. */
  get root(): Place {
    return new Place('', this.#roots, this.#entities);
  }

  /** @throws {Unspliceable} */
  placeAt(path: ResponsePath): Place {
    return path.filter((part) => part !== everyItem).reduce((place: Place, name) => place.descend(String(name)).below, this.root);
  }

  withRoot(root: ObjectLayout): KnownAnswers {
    return new KnownAnswers([...this.#roots, root], this.#entities);
  }

  withEntities(fetch: EntityFetch): KnownAnswers {
    return new KnownAnswers(this.#roots, [...this.#entities, fetch]);
  }

  /** @param others each of which has all of these answers, and more */
  withAllOf(others: readonly KnownAnswers[]): KnownAnswers {
    return new KnownAnswers(
      [...this.#roots, ...others.flatMap((other) => other.#roots.slice(this.#roots.length))],
      [...this.#entities, ...others.flatMap((other) => other.#entities.slice(this.#entities.length))],
    );
  }
}
