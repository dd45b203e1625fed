import type { DocumentNode } from 'graphql';

/** Fields of some 400 bytes each. None takes less of a text than its name and a space. */
const fieldsPerCharacter = 0.5;

/**
 * How many compiled fields the operations of a document keep. Fragments that are spread again and again, abstract types and conditions make more of them
 * than its text suggests.
 */
export class FieldBudget {
  #left: number;

  constructor(fields: number) {
    this.#left = fields;
  }

  /** As many as the text of `document` may name; none without that, which `parse` leaves out when it is told to. */
  static of({ loc }: DocumentNode): FieldBudget {
    return new FieldBudget((loc?.end ?? 0) * fieldsPerCharacter);
  }

  get isSpent(): boolean {
    return this.#left <= 0;
  }

  /** @returns false, and gives none, where fewer are left */
  take(fields: number): boolean {
    if (fields > this.#left) {
      this.#left = 0;
      return false;
    }
    this.#left -= fields;
    return true;
  }
}
