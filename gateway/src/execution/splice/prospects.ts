/** Surprises in a row after which answers are seen not to be of the kind that is spliced. */
const mostSurprises = 32;

/** How many requests there are to one that is tried then: what was amiss may have been mended. */
const requestsPerTrial = 64;

/** Whether it is worth trying to splice the responses of a plan, as far as the last ones tell. */
export class Prospects {
  #surprisesInARow = 0;
  #requests = 0;

  /** To be asked once for each request. */
  isWorthTrying(): boolean {
    return this.#surprisesInARow < mostSurprises || this.#requests++ % requestsPerTrial === 0;
  }

  surprised(): void {
    this.#surprisesInARow++;
  }

  succeeded(): void {
    this.#surprisesInARow = 0;
  }
}
