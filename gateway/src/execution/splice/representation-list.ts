/** JSON of what subgraphs are to know entities by: equal ones once. */
export class RepresentationList {
  readonly texts: string[] = [];
  /** For each entity, which of the texts stands for it. */
  readonly places: number[] = [];
  /** Whether something may be spelled in more than one way, so that equal ones are not known to be equal. */
  hasEscapes = false;
  readonly #known = new Map<string, number>();

  add(text: string): void {
    let place = this.#known.get(text);
    if (place === undefined) {
      place = this.texts.push(text) - 1;
      this.#known.set(text, place);
      this.hasEscapes ||= text.includes('\\');
    }
    this.places.push(place);
  }
}
