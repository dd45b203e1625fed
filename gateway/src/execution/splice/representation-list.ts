/** Of numbers with a fraction, and of objects, outside of strings: what is equal may be written in several ways. */
const fractionOrObject = /[:,[](?:-?\d+\.|\{)/;

/** What subgraphs are to know entities by: equal ones once. */
export class RepresentationList {
  /** The JSON of each, without its braces. */
  readonly texts: string[] = [];
  /** For each entity, which of the texts stands for it. */
  readonly places: number[] = [];
  /** Whether something may be written in more than one way, so that equal ones are not known to be equal. */
  isAmbiguous = false;
  readonly #hasPlainValues: boolean;
  readonly #known = new Map<string, number>();

  /** @param hasPlainValues whether there is but one way to write each of the values, or they are strings */
  constructor(hasPlainValues: boolean) {
    this.#hasPlainValues = hasPlainValues;
  }

  get json(): string {
    return `[{${this.texts.join('},{')}}]`;
  }

  add(text: string): void {
    let place = this.#known.get(text);
    if (place === undefined) {
      place = this.texts.push(text) - 1;
      this.#known.set(text, place);
      this.isAmbiguous ||= text.includes('\\') || (!this.#hasPlainValues && fractionOrObject.test(text));
    }
    this.places.push(place);
  }
}
