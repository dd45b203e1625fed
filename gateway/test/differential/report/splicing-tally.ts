import type { Splicing } from '../executors/executor.ts';
import type { Outcome } from '../trial.ts';

/** How many trials in which nothing went wrong were spliced, and why the others were not. */
export class SplicingTally {
  readonly #counts = new Map<Splicing, number>();

  add({ ours, faults }: Outcome): void {
    const { splicing } = ours.spliced;
    if (splicing !== null && faults.size === 0) this.#counts.set(splicing, (this.#counts.get(splicing) ?? 0) + 1);
  }

  /** In percent of all such trials, the most frequent first. */
  get shares(): Readonly<Record<string, number>> {
    const counts = [...this.#counts].toSorted(([, one], [, other]) => other - one);
    const total = counts.reduce((sum, [, count]) => sum + count, 0);
    return Object.fromEntries(counts.map(([splicing, count]) => [splicing, Math.round((1000 * count) / total) / 10]));
  }
}
